"""The pages about money, as a patient without JavaScript meets them."""

from __future__ import annotations

import json
import re
import time
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from hashlib import sha256

import pytest
import stripe as sdk
from flask import Flask
from markupsafe import escape
from sqlalchemy import Engine, event, select
from sqlalchemy.exc import OperationalError

from service.billing import actions
from service.billing.gateway import Gateway
from service.billing.models import Agreement, Checkout, StripeEvent
from service.kit import db
from tests.billing.stand_in import SECRET, StandIn
from tests.billing.test_events import an_event, signed
from tests.client import Browser
from tests.conftest import House
from tests.factories.billing import a_hold, an_approved_patient, invoices_of, mails_to, membership_row, ready_to_pay
from tests.factories.payments import a_charge
from tests.factories.visits import Applicant, an_applicant

AGREE = "I agree to be charged $250.00 today and each month until I cancel"


@pytest.fixture(autouse=True)
def at_the_stand_in(app: Flask, stripe: StandIn, gateway: Gateway) -> Iterator[None]:
    """The application speaks to this test's Stripe."""
    before = {name: app.config[name] for name in ("GATEWAY", "HOMEWARD")}
    app.config["GATEWAY"] = gateway
    app.config["HOMEWARD"] = before["HOMEWARD"].model_copy(update={"checkout_origin": stripe.url})
    yield
    app.config.update(before)


def checkout(client: Browser, **changes: str) -> str:
    """Send the form as the page has it. Returns where it leads."""
    values = {**_form(client, changes.get("plan", "monthly")), **changes}
    response = client.submit("/membership/checkout", {key: value for key, value in values.items() if value})
    assert response.status_code == 303, response.text
    return response.headers["Location"]


def signed_in(client: Browser, applicant: Applicant) -> Applicant:
    client.sign_in(applicant.person.user_id)
    return applicant


def test_everything_that_matters_is_said_before_paying(client: Browser, house: House, stripe: StandIn) -> None:
    signed_in(client, ready_to_pay(house))
    page = client.get("/membership")
    assert page.status_code == 200
    for words in (AGREE, "December 23, 2026", "until you cancel", "in two steps", "HOMEWARD", "$250"):
        assert words in page.text
    assert "checked" not in page.text
    assert f"form-action 'self' {stripe.url}" in page.headers["Content-Security-Policy"]
    other = client.get("/membership?plan=monthly_plus")
    assert "$349.00 today" in other.text


def test_choosing_agreeing_paying_and_coming_back(client: Browser, house: House, stripe: StandIn) -> None:
    applicant = signed_in(client, ready_to_pay(house))
    page = checkout(client)
    assert page.startswith(stripe.url)
    assert checkout(client) == page
    back = stripe.pay(page).headers["Location"]
    done = client.get(back.removeprefix("https://localhost"))
    assert "Your membership has started" in done.text
    assert "Visa ending 4242" in done.text
    assert client.get(back.removeprefix("https://localhost")).status_code == 200
    assert mails_to(applicant) == Counter(["membership_started", "payment_receipt"])
    billing = client.get("/billing").text
    for words in ("$250.00", "December 23, 2026", "Visa ending 4242", "Cancel your membership", "November 23, 2026"):
        assert words in billing
    assert client.get("/membership").headers["Location"] == "/billing"
    assert client.submit("/membership/checkout", _form(client)).headers["Location"] == "/billing"


def _form(client: Browser, plan: str = "monthly") -> dict[str, str]:
    """The form with its box ticked, as the page has it."""
    page = client.get(f"/membership?plan={plan}").text
    shown = dict(re.findall(r'name="(plan|price_cents|terms|code)"[^>]* value="([^"]*)"', page))
    return {"plan": "monthly", "price_cents": "25000", **shown, "agreed": "y"}


def test_without_the_tick_nothing_is_meant(client: Browser, house: House) -> None:
    applicant = signed_in(client, ready_to_pay(house))
    response = client.submit("/membership/checkout", {**_form(client), "agreed": ""})
    assert response.status_code == 422
    assert "Tick the box" in response.text
    assert "Error:" in response.text
    assert membership_row(applicant.patient_id) is None


@pytest.mark.parametrize("changes", [{"price_cents": "24900"}, {"plan": "golden"}, {"price_cents": "free"}])
def test_an_old_price_or_an_unknown_plan_is_asked_again(client: Browser, house: House, changes: dict[str, str]) -> None:
    applicant = signed_in(client, ready_to_pay(house))
    response = client.submit("/membership/checkout", {**_form(client), **changes})
    assert response.status_code == 422
    assert "The plans have changed" in response.text
    assert 'value="25000"' in response.text
    assert membership_row(applicant.patient_id) is None


def test_what_is_missing_is_named_with_the_way_there(client: Browser, house: House) -> None:
    signed_in(client, an_approved_patient(house))
    page = client.get("/membership").text
    assert "Read and sign" in page
    assert "agreed" not in page
    response = client.submit("/membership/checkout", _form(client))
    assert response.status_code == 422
    assert "Read and sign" in response.text


def test_a_hold_is_met_kindly(client: Browser, house: House) -> None:
    applicant = signed_in(client, ready_to_pay(house))
    a_hold(house, applicant)
    page = client.get("/membership").text
    assert "Our care team wants to talk with you first" in page
    assert "Nothing was charged" in page


def test_before_approval_the_page_says_who_looks_first(client: Browser, house: House) -> None:
    signed_in(client, an_applicant(house.catalog))
    assert "A clinician looks first" in client.get("/membership").text


def test_stripe_away_is_said_and_nothing_is_lost(app: Flask, client: Browser, house: House, stripe: StandIn) -> None:
    signed_in(client, ready_to_pay(house))
    there = app.config["GATEWAY"]
    app.config["GATEWAY"] = Gateway(
        key="sk_test_homeward",
        api_url="http://127.0.0.1:1",
        webhook_secrets=SECRET,
        checkout_origin=stripe.url,
        site="https://localhost",
    )
    response = client.submit("/membership/checkout", _form(client))
    assert response.status_code == 503
    assert "Nothing was charged" in response.text
    app.config["GATEWAY"] = there
    assert checkout(client).startswith(stripe.url)
    with db.reading() as session:
        assert len(session.scalars(select(Checkout)).all()) == 1


def test_coming_back_without_paying(client: Browser, house: House) -> None:
    signed_in(client, ready_to_pay(house))
    assert "Nothing was charged" in client.get("/membership/cancelled").text
    session_id = checkout(client).rsplit("/", 1)[-1]
    assert "Nothing was charged" in client.get(f"/membership/return?session_id={session_id}").text
    assert client.get("/membership/return").status_code == 404
    assert client.get("/membership/return?session_id=cs_other").status_code == 404


def test_paid_but_stripe_away_says_wait_and_do_not_pay_again(
    app: Flask, client: Browser, house: House, stripe: StandIn
) -> None:
    signed_in(client, ready_to_pay(house))
    back = stripe.pay(checkout(client)).headers["Location"].removeprefix("https://localhost")
    app.config["GATEWAY"] = Gateway(
        key="sk_test_homeward",
        api_url="http://127.0.0.1:1",
        webhook_secrets=SECRET,
        checkout_origin=stripe.url,
        site="https://localhost",
    )
    page = client.get(back)
    assert page.status_code == 200
    assert "We are confirming your payment" in page.text


def test_cancelling_takes_two_steps_and_can_be_undone(client: Browser, house: House, stripe: StandIn) -> None:
    applicant = signed_in(client, ready_to_pay(house))
    back = stripe.pay(checkout(client)).headers["Location"].removeprefix("https://localhost")
    client.get(back)
    assert "December 23, 2026" in client.get("/billing/cancel").text
    response = client.submit("/billing/cancel", follow_redirects=True)
    assert "ends on December 23, 2026" in response.text
    assert "Keep my membership" in response.text
    response = client.submit("/billing/cancel/undo", follow_redirects=True)
    assert "Your membership goes on" in response.text
    assert mails_to(applicant)["membership_ending"] == 1


def test_with_no_membership_billing_says_so(client: Browser, house: House) -> None:
    signed_in(client, ready_to_pay(house))
    assert "nothing is charged" in client.get("/billing").text
    assert client.get("/billing/cancel").headers["Location"] == "/billing"


def post(client: Browser, raw: bytes, signature: str | None) -> int:
    headers = {"Stripe-Signature": signature} if signature is not None else {}
    return client.post("/webhooks/stripe", data=raw, headers=headers, content_type="application/json").status_code


def kept() -> int:
    with db.reading() as session:
        return len(session.scalars(select(StripeEvent)).all())


def test_a_genuine_webhook_is_kept_once(client: Browser, house: House) -> None:
    raw, signature = signed(an_event())
    assert post(client, raw, signature) == 200
    assert [job.name for job in house.jobs] == ["billing.handle_event"]
    assert post(client, raw, signature) == 200
    assert len(house.jobs) == 1
    assert kept() == 1


def test_a_forged_old_or_unsigned_webhook_is_turned_away(client: Browser, house: House) -> None:
    raw, signature = signed(an_event())
    assert post(client, raw.replace(b"sub_1", b"sub_2"), signature) == 400
    assert post(client, raw, None) == 400
    assert post(client, *signed(an_event(), time.time() - 3600)) == 400
    assert post(client, *signed(an_event(), time.time() + 3600)) == 400
    assert (kept(), house.jobs) == (0, [])


def test_what_stripe_signed_and_nobody_understands_is_kept_for_a_person(client: Browser, house: House) -> None:
    assert post(client, *signed({"hello": "world"})) == 200
    assert (kept(), house.jobs) == (1, [])


def test_a_webhook_too_big_is_refused(client: Browser, house: House) -> None:
    raw = json.dumps({**an_event(), "filler": "x" * 300_000})
    header = sdk.WebhookSignature.generate_signature_header(raw, SECRET, int(time.time()))
    assert post(client, raw.encode(), header) == 413
    assert kept() == 0


def test_with_the_database_away_stripe_is_asked_to_come_again(
    client: Browser, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(**_: object) -> bool:
        raise OperationalError("insert", {}, Exception("connection refused"))

    monkeypatch.setattr(actions, "receive", away)
    assert post(client, *signed(an_event())) == 503


def test_a_code_is_said_in_the_terms_and_taken_off_the_first_charge(
    client: Browser, house: House, stripe: StandIn
) -> None:
    applicant = signed_in(client, ready_to_pay(house))
    page = client.get("/membership?plan=monthly&code=welcome50").text
    for words in ("WELCOME50", "$200.00 on November 23", "$250.00 on December 23", "$200.00 today and each month"):
        assert words in page
    form = {**_form(client, "monthly&code=WELCOME50"), "agreed": "y"}
    assert form["code"] == "WELCOME50"
    plain = checkout(client)
    answer = client.submit("/membership/checkout", form)
    assert answer.headers["Location"] != plain, "another price is another page"
    back = stripe.pay(answer.headers["Location"]).headers["Location"]
    client.get(back.removeprefix("https://localhost"))
    row = membership_row(applicant.patient_id)
    assert row is not None
    (invoice,) = invoices_of(row.id)
    assert (invoice.amount_paid_cents, invoice.discount_cents) == (20000, 5000)
    with db.reading() as session:
        said = session.scalars(select(Agreement).order_by(Agreement.agreed_at, Agreement.id)).all()
    assert "WELCOME50" in said[-1].terms
    assert len(said) == 2, "one for each text whose box was ticked"


@pytest.mark.parametrize("code", ["NOSUCH", "<b>", "A" * 400, "WELCOME50'; --"])
def test_a_code_that_does_not_count_says_so_and_the_price_stays(client: Browser, house: House, code: str) -> None:
    signed_in(client, ready_to_pay(house))
    page = client.get("/membership", query_string={"plan": "monthly", "code": code}).text
    assert "We do not know this code" in page
    assert "$250.00 on November 23" in page
    answer = client.submit("/membership/checkout", {**_form(client), "code": code})
    assert answer.status_code == 422
    for text in (page, answer.text):
        assert text.count("We do not know this code") == 2, "once above, once at the field"
        assert "<title>Error: " in text
        assert f'value="{escape(code[:40])}"' in text, "what was typed stays to be put right"


def test_no_code_at_all_says_what_to_type_and_another_plan_keeps_a_good_one(client: Browser, house: House) -> None:
    signed_in(client, ready_to_pay(house))
    assert "Type your code" not in client.get("/membership").text
    assert client.get("/membership?plan=monthly&code=+").text.count("Type your code") == 2
    page = client.get("/membership?plan=monthly&code=welcome50").text
    assert "plan=monthly_plus&amp;code=WELCOME50" in page
    assert "$299.00 on November 23" in client.get("/membership?plan=monthly_plus&code=WELCOME50").text


def test_what_was_agreed_to_is_kept_word_for_word_and_can_be_read_again(
    client: Browser, house: House, stripe: StandIn
) -> None:
    applicant = signed_in(client, ready_to_pay(house))
    checkout(client)
    checkout(client)
    with db.reading() as session:
        (kept,) = session.scalars(select(Agreement).where(Agreement.patient_id == applicant.patient_id)).all()
    assert kept.sha256 == sha256(kept.terms.encode()).hexdigest()
    assert (kept.occasion, kept.plan, kept.amount_cents) == ("start", "monthly", 25000)
    assert kept.terms.endswith(f"[x] {AGREE}")
    assert kept.address
    assert kept.sign_in_id is not None
    page = client.get("/billing/agreements").text
    for words in (AGREE, "December 23, 2026", "HOMEWARD", kept.sha256):
        assert words in page
    signed_in(client, ready_to_pay(house))
    assert kept.sha256 not in client.get("/billing/agreements").text


@pytest.mark.parametrize("terms", ["", "0" * 64, "not a hash"])
def test_a_tick_beside_other_words_agrees_to_nothing(client: Browser, house: House, terms: str) -> None:
    applicant = signed_in(client, ready_to_pay(house))
    answer = client.submit("/membership/checkout", {**_form(client), "terms": terms})
    assert answer.status_code == 422
    assert "An amount or a date has changed" in answer.text
    assert membership_row(applicant.patient_id) is None


def test_the_billing_page_costs_a_handful_of_statements_however_much_there_is(
    client: Browser, house: House, stripe: StandIn
) -> None:
    applicant = signed_in(client, ready_to_pay(house))
    client.get(stripe.pay(checkout(client)).headers["Location"].removeprefix("https://localhost"))
    row = membership_row(applicant.patient_id)
    assert row is not None
    few = statements(client, "/billing")
    for month in range(1, 121):
        a_charge(row.id, house.now - timedelta(days=30 * month))
    assert statements(client, "/billing") == few <= 9
    assert statements(client, "/billing/receipts") <= 6


def statements(client: Browser, path: str) -> int:
    """How many statements a page costs, without those that open and close its transactions."""
    said: list[str] = []

    def note(*arguments: object) -> None:
        if not str(arguments[2]).startswith(("SAVEPOINT", "RELEASE", "ROLLBACK")):
            said.append(str(arguments[2]))

    event.listen(Engine, "before_cursor_execute", note)
    try:
        assert client.get(path).status_code == 200
    finally:
        event.remove(Engine, "before_cursor_execute", note)
    return len(said)
