"""A charge that did not go through, and another card: paid once, whatever is pressed, late, closed or tampered with."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from uuid import uuid4

import pytest
import requests
from flask import Flask
from sqlalchemy import select
from werkzeug.test import TestResponse

from service.billing import actions
from service.billing.gateway import Gateway
from service.billing.models import Checkout, GateRecord, Intent, Invoice, LedgerEntry
from service.kit import db
from service.kit.errors import TryAgain
from service.mail.models import OutboxMessage
from tests.billing.stand_in import FAILS_LATER, GOOD, StandIn
from tests.billing.test_events import deliver
from tests.billing.test_renewals import a_member, charge_at, pass_time, row_of
from tests.client import Browser
from tests.conftest import House
from tests.factories.billing import a_hold, invoices_of, mails_to, ready_to_pay
from tests.factories.visits import Applicant


@pytest.fixture(autouse=True)
def at_the_stand_in(app: Flask, moving_stripe: StandIn) -> Iterator[None]:
    """The application speaks to this test's Stripe."""
    before = {name: app.config[name] for name in ("GATEWAY", "HOMEWARD")}
    app.config["GATEWAY"] = moving_stripe.gateway()
    app.config["HOMEWARD"] = before["HOMEWARD"].model_copy(update={"checkout_origin": moving_stripe.url})
    yield
    app.config.update(before)


@pytest.fixture
def ana(house: House, client: Browser, moving_stripe: StandIn) -> Applicant:
    """Somebody whose renewal did not go through, signed in."""
    applicant, gateway = a_member(house, moving_stripe, FAILS_LATER)
    pass_time(house, moving_stripe, gateway, charge_at(applicant) + timedelta(hours=2))
    assert row_of(applicant).status == "grace"
    client.sign_in(applicant.person.user_id)
    return applicant


def owed(applicant: Applicant) -> Invoice:
    (found,) = (one for one in invoices_of(row_of(applicant).id) if one.status == "open")
    return found


def press(client: Browser, **changes: str) -> TestResponse:
    """The button, as the page has it."""
    page = client.get("/billing/pay").text
    shown = dict(re.findall(r'name="(charge|amount_cents)" value="([^"]*)"', page))
    return client.submit("/billing/pay", {**shown, **changes})


def new_card(client: Browser, stripe: StandIn, number: str = GOOD) -> str:
    """Give another card on Stripe's page. Returns where that leads back to."""
    page = client.submit("/billing/card").headers["Location"]
    return by_hand(page, stripe, number).removeprefix("https://localhost")


def by_hand(page: str, stripe: StandIn, number: str) -> str:
    """Choose a card on a page of Stripe's, and say yes where the bank asks. Returns where that leads."""
    answer = requests.post(page, data={"card": number}, allow_redirects=False, timeout=5)
    if answer.headers.get("Location", "").endswith("/authenticate"):
        there = stripe.url + answer.headers["Location"]
        answer = requests.post(there, data={"outcome": "approve"}, allow_redirects=False, timeout=5)
    assert answer.status_code == 303, answer.text
    return answer.headers["Location"]


def mails_named(template: str, applicant: Applicant) -> int:
    with db.reading() as session:
        query = select(OutboxMessage.id).where(OutboxMessage.user_id == applicant.person.user_id)
        return len(session.scalars(query.where(OutboxMessage.template == template)).all())


def payments(applicant: Applicant) -> list[int]:
    with db.reading() as session:
        query = select(LedgerEntry.amount_cents).where(LedgerEntry.patient_id == applicant.patient_id)
        return list(session.scalars(query.where(LedgerEntry.kind == "payment")))


def test_the_billing_page_says_what_is_open_and_leads_to_paying_it(client: Browser, ana: Applicant) -> None:
    page = client.get("/billing").text
    assert "We could not collect $250.00" in page
    assert 'href="/billing/pay"' in page
    assert "Not paid" in page
    page = client.get("/billing/pay").text
    assert "Pay $250.00 now" in page
    assert "Visa ending 0341" in page


def test_a_declined_try_charges_nothing_and_says_what_to_do(client: Browser, ana: Applicant) -> None:
    answer = press(client)
    assert answer.status_code == 422
    assert "Nothing was charged" in answer.text
    assert "There is not enough on the card today" in answer.text
    assert owed(ana).status == "open"
    assert payments(ana) == [25000]


def test_with_another_card_it_is_paid_once_and_the_membership_goes_on(
    client: Browser, house: House, ana: Applicant, moving_stripe: StandIn
) -> None:
    back = client.get(new_card(client, moving_stripe))
    assert back.headers["Location"] == "/billing/pay"
    assert row_of(ana).card_last4 == "4242"
    assert payments(ana) == [25000], "giving a card charges nothing"
    charge = str(owed(ana).id)
    assert press(client).headers["Location"] == "/billing"
    assert "Paid. Thank you" in client.get("/billing").text
    assert row_of(ana).status == "active"
    assert press(client, charge=charge, amount_cents="25000").status_code == 303, "an old page, pressed again"
    assert payments(ana) == [25000, 25000]
    deliver(house, moving_stripe.gateway(), *moving_stripe.messages())
    assert payments(ana) == [25000, 25000]
    assert mails_to(ana)["payment_receipt"] == 2
    assert mails_named("card_changed", ana) == 1


def test_a_double_click_is_one_charge(client: Browser, house: House, ana: Applicant, moving_stripe: StandIn) -> None:
    client.get(new_card(client, moving_stripe))
    gateway, charge = moving_stripe.gateway(), owed(ana)

    class Slow(Gateway):
        def pay_invoice(self, *args: object, **named: object):  # type: ignore[no-untyped-def, override]
            super().pay_invoice(*args, **named)  # type: ignore[arg-type]
            raise TryAgain("the answer is lost")

    arguments = {
        "patient_id": ana.patient_id,
        "invoice_id": charge.id,
        "amount_cents": 25000,
        "catalog": house.catalog,
        "actor": ana.actor,
        "now": house.now,
    }
    lossy = moving_stripe.gateway()
    lossy.__class__ = Slow
    with pytest.raises(TryAgain):
        actions.pay_now(gateway=lossy, **arguments)  # type: ignore[arg-type]
    assert actions.pay_now(gateway=gateway, **arguments) == "paid"  # type: ignore[arg-type]
    with db.reading() as session:
        assert [one.status for one in session.scalars(select(Intent).where(Intent.kind == "pay"))] == ["done"]
    assert payments(ana) == [25000, 25000]


def test_the_gate_is_asked_before_and_a_hold_lets_nothing_be_paid(
    client: Browser, house: House, ana: Applicant, moving_stripe: StandIn
) -> None:
    client.get(new_card(client, moving_stripe))
    a_hold(house, ana)
    answer = press(client)
    assert answer.status_code == 422
    assert "Our care team wants to talk with you first" in answer.text
    assert payments(ana) == [25000]
    with db.reading() as session:
        asked = session.scalars(select(GateRecord).where(GateRecord.period.startswith("pay:"))).all()
    assert [one.yes for one in asked] == [False]


@pytest.mark.parametrize("changes", [{"amount_cents": "1"}, {"amount_cents": "-25000"}, {"amount_cents": "9" * 40}])
def test_another_amount_than_the_page_said_charges_nothing(
    client: Browser, ana: Applicant, changes: dict[str, str], moving_stripe: StandIn
) -> None:
    client.get(new_card(client, moving_stripe))
    assert press(client, **changes).headers["Location"] == "/billing"
    assert "The amount has changed" in client.get("/billing").text
    assert payments(ana) == [25000]


def test_somebody_elses_charge_does_not_exist(
    client: Browser, house: House, ana: Applicant, moving_stripe: StandIn
) -> None:
    other = ready_to_pay(house)
    charge = str(owed(ana).id)
    client.sign_in(other.person.user_id)
    for wrong in (charge, str(uuid4()), "golden"):
        assert client.submit("/billing/pay", {"charge": wrong, "amount_cents": "25000"}).status_code == 404
    assert client.get("/billing/pay").headers["Location"] == "/billing"
    assert client.get("/billing/pay/bank").headers["Location"] == "/billing"
    assert client.get("/billing/pay/bank/go").headers["Location"] == "/billing"


def test_stripe_away_is_said_and_the_same_call_is_made_again(
    app: Flask, client: Browser, house: House, ana: Applicant, moving_stripe: StandIn
) -> None:
    client.get(new_card(client, moving_stripe))
    fault = {"kind": "500", "count": 9, "method": "POST", "path": "/v1/invoices"}
    requests.post(f"{moving_stripe.url}/_standin/faults", json=fault, timeout=5).raise_for_status()
    answer = press(client)
    assert answer.status_code == 503
    assert "nothing is ever charged twice" in answer.text
    requests.delete(f"{moving_stripe.url}/_standin/faults", timeout=5).raise_for_status()
    house.at(house.now + timedelta(minutes=6))
    actions.ask_again(gateway=moving_stripe.gateway(), catalog=house.catalog, now=house.now)
    press(client)
    assert payments(ana) == [25000, 25000]


def test_where_the_bank_asks_the_patient_confirms_there_and_comes_back(
    client: Browser, house: House, ana: Applicant, moving_stripe: StandIn
) -> None:
    client.get(new_card(client, moving_stripe, "4000002760003184"))
    assert press(client).headers["Location"] == "/billing/pay/bank"
    assert "Your bank asks you to confirm" in client.get("/billing/pay/bank").text
    page = client.get("/billing/pay/bank/go").headers["Location"]
    assert page.startswith(moving_stripe.url)
    assert client.submit("/billing/pay/look").headers["Location"] == "/billing/pay/bank"
    by_hand(page, moving_stripe, "usual")
    assert client.submit("/billing/pay/look").headers["Location"] == "/billing"
    assert payments(ana) == [25000, 25000]


@pytest.mark.parametrize("first", ["message", "patient"])
def test_the_new_card_is_on_whoever_comes_first(
    client: Browser, house: House, ana: Applicant, moving_stripe: StandIn, first: str
) -> None:
    back = new_card(client, moving_stripe)
    gateway = moving_stripe.gateway()
    if first == "message":
        assert all(deliver(house, gateway, *moving_stripe.messages()))
        assert row_of(ana).card_last4 == "0341", "a message only says that there is a card"
        actions.ask_again(gateway=gateway, catalog=house.catalog, now=house.now)
        assert row_of(ana).card_last4 == "4242"
    client.get(back)
    assert row_of(ana).card_last4 == "4242"
    deliver(house, gateway, *moving_stripe.messages())
    client.get(back)
    with db.reading() as session:
        assert [one.status for one in session.scalars(select(Intent).where(Intent.kind == "use_card"))] == ["done"]


def test_a_crash_between_the_page_and_the_card_is_made_good_by_the_tick(
    app: Flask, client: Browser, house: House, ana: Applicant, moving_stripe: StandIn
) -> None:
    back = new_card(client, moving_stripe)
    fault = {"kind": "500", "count": 9, "method": "POST", "path": "/v1/subscriptions"}
    requests.post(f"{moving_stripe.url}/_standin/faults", json=fault, timeout=5).raise_for_status()
    assert client.get(back).headers["Location"] == "/billing"
    assert row_of(ana).card_last4 == "0341", "the old card stays"
    requests.delete(f"{moving_stripe.url}/_standin/faults", timeout=5).raise_for_status()
    house.at(house.now + timedelta(minutes=6))
    actions.ask_again(gateway=moving_stripe.gateway(), catalog=house.catalog, now=house.now)
    assert row_of(ana).card_last4 == "4242"


def test_a_page_for_a_card_that_was_closed_or_ran_out_changes_nothing(
    client: Browser, house: House, ana: Applicant, moving_stripe: StandIn
) -> None:
    first = client.submit("/billing/card").headers["Location"]
    assert client.submit("/billing/card").headers["Location"] == first, "two tabs, one page"
    with db.reading() as session:
        session_id = session.scalars(select(Checkout.stripe_session_id).where(Checkout.kind == "card")).one()
    assert client.get(f"/billing/card/return?session_id={session_id}").headers["Location"] == "/billing"
    assert "Your card was not changed" in client.get("/billing").text
    gateway = moving_stripe.gateway()
    pass_time(house, moving_stripe, gateway, house.now + timedelta(hours=2))
    second = client.submit("/billing/card").headers["Location"]
    assert second != first
    assert row_of(ana).card_last4 == "0341"
    for wrong in ("cs_nobody", ""):
        assert client.get(f"/billing/card/return?session_id={wrong}").status_code == 404


def test_nobody_gives_a_card_for_what_is_not_theirs(
    client: Browser, house: House, ana: Applicant, moving_stripe: StandIn
) -> None:
    back = new_card(client, moving_stripe)
    other = ready_to_pay(house)
    client.sign_in(other.person.user_id)
    assert client.get(back).status_code == 404
    assert client.submit("/billing/card").headers["Location"] == "/billing"
    assert client.get("/billing/card").headers["Location"] == "/billing"
    assert row_of(ana).card_last4 == "0341"
