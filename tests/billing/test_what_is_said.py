"""What a patient reads about their money is what happens: on pages and in mails, also where two things meet."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Literal

import pytest
import requests
from flask import Flask
from sqlalchemy import select

from service.billing import actions
from service.billing.queries import told
from service.catalog.rules.changes import PriceChange
from service.kit import crypto, db
from service.kit.errors import Conflict
from service.kit.ids import new_id
from service.mail.emails import render
from service.mail.models import OutboxMessage
from tests.billing.changing import Member, a_member, with_changes
from tests.billing.stand_in import FAILS_LATER, StandIn
from tests.billing.test_change_pages import hidden
from tests.client import Browser
from tests.conftest import House
from tests.factories.billing import ready_to_pay


@pytest.fixture(autouse=True)
def at_the_stand_in(app: Flask, moving_stripe: StandIn) -> Iterator[None]:
    """The application speaks to this test's Stripe."""
    before = {name: app.config[name] for name in ("GATEWAY", "HOMEWARD", "CATALOG")}
    app.config["GATEWAY"] = moving_stripe.gateway()
    app.config["HOMEWARD"] = before["HOMEWARD"].model_copy(update={"checkout_origin": moving_stripe.url})
    yield
    app.config.update(before)


@pytest.fixture
def ana(client: Browser, house: House, moving_stripe: StandIn) -> Member:
    member = a_member(house, moving_stripe)
    client.sign_in(member.applicant.person.user_id)
    return member


def test_who_cancels_while_another_plan_is_coming_sees_the_page_and_can_stay(client: Browser, ana: Member) -> None:
    ana.pass_time(datetime(2026, 12, 8, 15, 0, tzinfo=UTC))
    ana.upgrade()
    actions.change_plan_later(plan_key="monthly", terms=None, **ana.about)
    client.submit("/billing/cancel")
    page = client.get("/billing")
    assert page.status_code == 200
    assert "Keep my membership" in page.text
    client.submit("/billing/cancel/undo")
    assert "begins with your charge on December 23, 2026" in client.get("/billing").text


def test_a_code_that_a_skipped_charge_spends_is_not_promised_for_the_next(client: Browser, ana: Member) -> None:
    actions.apply_promotion(code="WELCOME50", **ana.about)
    assert "Your discount does not wait" in client.get("/billing/skip").text
    actions.skip(months=1, **ana.about)
    assert ana.card.next_cents == 25000
    ana.day_by_day(datetime(2027, 1, 24, tzinfo=UTC))
    assert ana.charged() == [25000, 25000]


def test_undone_in_time_the_code_still_counts(ana: Member) -> None:
    actions.apply_promotion(code="WELCOME50", **ana.about)
    actions.skip(months=1, **ana.about)
    actions.unskip(**ana.about)
    assert ana.card.next_cents == 20000
    ana.day_by_day(datetime(2026, 12, 24, tzinfo=UTC))
    assert ana.charged() == [25000, 20000]


def test_no_code_is_spent_on_a_charge_that_is_left_out(client: Browser, ana: Member) -> None:
    actions.skip(months=1, **ana.about)
    assert "Use a code" not in client.get("/billing").text
    with pytest.raises(Conflict) as no:
        actions.apply_promotion(code="WELCOME50", **ana.about)
    assert no.value.code == "skipping"
    assert client.get("/billing/code").status_code == 303
    ana.pass_time(datetime(2026, 12, 24, tzinfo=UTC))  # the month that is left out: the charge after it is made
    actions.apply_promotion(code="WELCOME50", **ana.about)
    assert ana.card.next_cents == 20000
    ana.day_by_day(datetime(2027, 1, 24, tzinfo=UTC))
    assert ana.charged() == [25000, 20000]


def _stripe_is_away(stripe: StandIn) -> None:
    fault = {"kind": "500", "count": 9, "method": "POST", "path": "/v1/subscriptions"}
    requests.post(f"{stripe.url}/_standin/faults", json=fault, timeout=5).raise_for_status()


def _text(member: Member, template: str) -> str:
    """The latest mail of one kind, as it is read."""
    with db.reading() as session:
        row = session.scalars(
            select(OutboxMessage)
            .where(OutboxMessage.user_id == member.applicant.person.user_id, OutboxMessage.template == template)
            .order_by(OutboxMessage.created_at.desc(), OutboxMessage.id.desc())
            .limit(1)
        ).one()
    facts = crypto.unseal_json(row.facts_sealed, "outbox", "facts", row.id)
    return render(member.house.settings, template, facts, given_name="Ana", locale="en").text


def test_a_cancellation_that_stripe_has_not_heard_announces_no_charge(client: Browser, ana: Member) -> None:
    _stripe_is_away(ana.stripe)
    client.submit("/billing/cancel")
    page = client.get("/billing").text
    assert "Our payment provider has not confirmed it yet" in page
    assert "$250.00" not in page.split("Payments</h2>")[0]
    assert "$250.00" not in client.get("/home").text
    assert "Skip or pause" not in page
    with db.reading() as session:
        assert not told.charge_comes(session, ana.row.id)
    requests.delete(f"{ana.stripe.url}/_standin/faults", timeout=5).raise_for_status()
    client.submit("/billing/cancel/undo")
    assert ana.card.next_cents == 25000


def test_what_was_paid_with_a_code_and_what_comes_next_are_the_true_amounts(
    client: Browser, house: House, moving_stripe: StandIn
) -> None:
    dev = ready_to_pay(house, in_person_exam_on=date(2026, 11, 2))
    client.sign_in(dev.person.user_id)
    page = client.get("/membership?code=QUARTER20").text
    form = {**hidden(page, "plan", "price_cents", "terms"), "code": "QUARTER20", "agreed": "y"}
    back = moving_stripe.pay(client.submit("/membership/checkout", form).headers["Location"]).headers["Location"]
    started = client.get(back.removeprefix("https://localhost")).text
    assert started.count("$200.00") == 2, "paid today, and the next charge"
    assert "$250.00" not in started
    member = Member(house, moving_stripe, moving_stripe.gateway(), dev, house.catalog)
    assert "The next charge is $200.00 on December 23, 2026" in _text(member, "membership_started")
    assert client.get("/membership/cancelled").status_code == 303, "who is a member is not told that they are none"


def test_in_a_month_that_is_left_out_nobody_is_told_that_it_is_paid(client: Browser, ana: Member) -> None:
    actions.skip(months=2, **ana.about)
    ana.pass_time(datetime(2026, 12, 24, tzinfo=UTC))
    page = client.get("/billing/cancel").text
    assert "When this month is over: January 23, 2027" in page
    assert "paid" not in page.split("<h1")[1].split("Tell us why")[0].replace("paid back", "")
    client.submit("/billing/cancel")
    assert "You have paid" not in _text(ana, "membership_ending")


def test_who_owes_is_told_that_it_ends_today(client: Browser, house: House, moving_stripe: StandIn) -> None:
    member = a_member(house, moving_stripe, card=FAILS_LATER)
    client.sign_in(member.applicant.person.user_id)
    member.day_by_day(datetime(2026, 12, 25, tzinfo=UTC))
    assert member.row.status == "grace"
    assert "Your membership ends today" in client.get("/billing/cancel").text


@pytest.mark.parametrize("without", ["keep", "end"])
def test_a_price_that_nobody_agreed_to_is_not_said_to_have_been_asked_for(
    client: Browser, app: Flask, ana: Member, without: Literal["keep", "end"]
) -> None:
    with_changes(ana, PriceChange("rise", "monthly", 26500, "homeward_monthly_b", date(2027, 1, 1), without))
    app.config["CATALOG"] = ana.catalog
    ana.day_by_day(datetime(2027, 1, 24, tzinfo=UTC))
    assert "We would like to change the price of your membership from $250.00 to $265.00" in _text(ana, "price_change")
    if without == "end":
        text = _text(ana, "membership_ending")
        assert "As you asked" not in text
        assert "/billing/price" in text
    else:
        page = client.get("/billing/plan").text
        assert "$250 a month" in page
        assert "$265 a month" not in page


@pytest.mark.parametrize(
    ("columns", "next_amount"),
    [({}, "$349.00"), ({"credit_cents": 30000}, "$98.50"), ({"discount_percent": 20}, "$279.20")],
)
def test_a_dearer_plan_says_the_next_charge_after_what_is_still_taken_off(
    client: Browser, ana: Member, columns: dict[str, int], next_amount: str
) -> None:
    ana.pass_time(datetime(2026, 12, 8, 15, 0, tzinfo=UTC))
    if "credit_cents" in columns:
        ana.gateway.give_credit(
            ana.row.stripe_customer_id or "", amount_cents=30000, credit_id=new_id(), key=f"credit:{new_id()}"
        )
        actions.look_again(
            patient_id=ana.applicant.patient_id, gateway=ana.gateway, catalog=ana.catalog, now=ana.house.now
        )
    if "discount_percent" in columns:
        actions.apply_promotion(code="QUARTER20", **ana.about)
    page = client.get("/billing/plan/monthly_plus").text
    assert f"{next_amount} on December 23, 2026" in page
    form = {**hidden(page, "shown", "terms"), "agreed": "y"}
    client.submit("/billing/plan/monthly_plus", form)
    assert f"Next charge: {next_amount} on December 23, 2026" in _text(ana, "membership_changed")
    ana.day_by_day(datetime(2026, 12, 24, tzinfo=UTC))
    assert f"${ana.charged()[-1] / 100:.2f}" == next_amount


def test_a_remark_is_not_called_done(client: Browser, ana: Member) -> None:
    client.submit("/billing/skip/undo")
    page = client.get("/billing").text
    assert "There is nothing to undo" in page
    assert "Good to know" in page


def _credit(member: Member, cents: int) -> None:
    """Money off the next charges, given and known here."""
    customer_id = member.row.stripe_customer_id or ""
    member.gateway.give_credit(customer_id, amount_cents=cents, credit_id=new_id(), key=f"credit:{new_id()}")
    actions.look_again(
        patient_id=member.applicant.patient_id, gateway=member.gateway, catalog=member.catalog, now=member.house.now
    )


@pytest.mark.parametrize(
    ("credit", "code", "charges"),
    [(0, "", [25000, 25000]), (30000, "", [20000]), (0, "WELCOME50", [20000, 25000]), (0, "QUARTER20", [20000, 20000])],
)
def test_starting_again_says_what_is_charged_today_and_next_after_what_is_taken_off(
    client: Browser, ana: Member, credit: int, code: str, charges: list[int]
) -> None:
    actions.skip(months=1, **ana.about)
    ana.pass_time(datetime(2027, 1, 4, 15, 0, tzinfo=UTC))
    if credit:
        _credit(ana, credit)
    if code:
        actions.apply_promotion(code=code, **ana.about)
    page = client.get("/billing/start-again").text
    today = 0 if credit else charges[0]
    assert f"${today / 100:.2f}" in page.split("You pay today")[1].split("Next charge")[0]
    assert f"${charges[-1] / 100:.2f} on February 4, 2027" in page
    client.submit("/billing/start-again", {**hidden(page, "terms"), "agreed": "y"})
    ana.day_by_day(datetime(2027, 2, 5, tzinfo=UTC))
    assert ana.charged() == [25000, *charges]


@pytest.mark.parametrize(("credit", "words"), [(5000, "$150.00, after $50.00 of your credit"), (30000, "$0.00, after")])
def test_a_code_says_the_first_charge_after_the_credit_there_is(
    client: Browser, ana: Member, credit: int, words: str
) -> None:
    _credit(ana, credit)
    assert words in client.submit("/billing/code", {"code": "QUARTER20"}).text
    client.submit("/billing/code/use", {"code": "QUARTER20"})
    ana.day_by_day(datetime(2026, 12, 24, tzinfo=UTC))
    assert ana.charged() == [25000, *([15000] if credit == 5000 else [])]
