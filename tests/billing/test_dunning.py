"""A charge fails: care goes on for a while, then parcels stop; records, help and messages never do."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import date, timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from service.billing import actions, rules
from service.billing.actions import stops
from service.billing.gateway import Bug, Gateway
from service.billing.models import Intent, Membership, Refund
from service.billing.queries import told
from service.billing.rules import transitions
from service.kit import db
from service.safety.models import Alert
from tests.billing.stand_in import FAILS_LATER, GOOD, StandIn
from tests.billing.test_end_care import end, half_a_month
from tests.billing.test_renewals import BEGAN, a_member, charge_at, pass_time, row_of
from tests.billing.test_stops import HOUR, in_retries, judge, like, money, stop
from tests.client import Browser
from tests.conftest import House
from tests.factories.at_once import at_once
from tests.factories.billing import a_hold, invoices_of, mails_to, ready_to_pay
from tests.factories.visits import Applicant

OPEN = ("/home", "/billing", "/visits", "/settings", "/settings/your-data", "/consents")


def test_each_failed_try_is_told_and_care_goes_on_meanwhile(house: House, moving_stripe: StandIn) -> None:
    applicant, gateway, due = in_retries(house, moving_stripe)
    since = row_of(applicant).grace_since
    assert since == due + 2 * HOUR
    for hours in range(12, 8 * 24, 12):
        pass_time(house, moving_stripe, gateway, due + timedelta(hours=hours))
        assert row_of(applicant).status == "grace"
        assert transitions.allows("grace", "parcels")
    (owed,) = [one for one in invoices_of(row_of(applicant).id) if one.status == "open"]
    assert mails_to(applicant)["payment_problem"] == owed.attempts > 1
    assert row_of(applicant).grace_since == since


def unpaid(house: House, stripe: StandIn) -> tuple[Applicant, Gateway]:
    """Every try failed: two weeks are over. Seen in person, so that they may be treated in the new year as well."""
    applicant, gateway, due = in_retries(house, stripe, in_person_exam_on=date(2026, 11, 2))
    for days in range(2, 16):
        pass_time(house, stripe, gateway, due + timedelta(days=days))
    return applicant, gateway


def test_after_two_weeks_nothing_more_is_sent_and_the_patient_hears_it_once(
    house: House, moving_stripe: StandIn
) -> None:
    applicant, _ = unpaid(house, moving_stripe)
    row = row_of(applicant)
    assert (row.status, row.stopped_for, row.ended_at) == ("stopped", "unpaid", None)
    assert not transitions.allows(row.status, "parcels")
    assert mails_to(applicant)["membership_unpaid"] == 1
    assert "membership_ended" not in mails_to(applicant)


@pytest.fixture
def at_stripe(app: Flask, moving_stripe: StandIn) -> Iterator[StandIn]:
    """The application speaks to the Stripe of the test."""
    before = app.config["GATEWAY"]
    app.config["GATEWAY"] = moving_stripe.gateway()
    yield moving_stripe
    app.config["GATEWAY"] = before


@pytest.mark.parametrize("how", ["grace", "stopped", "ended"])
def test_whatever_becomes_of_the_money_records_and_help_stay_open(
    client: Browser, house: House, at_stripe: StandIn, how: str
) -> None:
    applicant, _ = a_member(house, at_stripe)
    with db.transaction() as session:
        row = session.get_one(Membership, row_of(applicant).id)
        row.status, row.stopped_for = how, "unpaid" if how == "stopped" else None
        row.ended_at = house.now if how == "ended" else None
    client.sign_in(applicant.person.user_id)
    assert {page: client.get(page).status_code for page in OPEN} == dict.fromkeys(OPEN, 200)
    assert "988" in client.get("/home").text


def test_who_pays_after_all_goes_on_and_hears_it(house: House, moving_stripe: StandIn) -> None:
    applicant, gateway = unpaid(house, moving_stripe)
    (owed,) = [one for one in invoices_of(row_of(applicant).id) if one.status == "open"]
    moving_stripe.pay(gateway.pay_page(owed.stripe_invoice_id), GOOD)
    pass_time(house, moving_stripe, gateway, house.now + HOUR)
    row = row_of(applicant)
    assert (row.status, row.stopped_for, row.grace_since) == ("active", None, None)
    assert mails_to(applicant)["membership_back"] == 1
    assert judge(house, gateway) == 0


def test_a_card_that_runs_out_before_the_charge_is_told_of_once_and_no_more_when_it_is_new(
    house: House, moving_stripe: StandIn
) -> None:
    applicant, _ = a_member(house, moving_stripe)
    due = charge_at(applicant)
    with db.transaction() as session:
        session.get_one(Membership, row_of(applicant).id).card_expires_on = due.date() - timedelta(days=1)
    for days, heard in ((22, 0), (20, 1), (19, 0), (3, 0)):
        house.at(due - timedelta(days=days))
        assert actions.warn_of_cards(now=house.now) == heard
    assert mails_to(applicant) == Counter(BEGAN)  # not about money, but about a card
    with db.transaction() as session:
        assert told.card_out(session, row_of(applicant).id)
        session.get_one(Membership, row_of(applicant).id).card_expires_on = due.date()
    with db.reading() as session:
        assert not told.card_out(session, row_of(applicant).id)


# What Stripe refuses


class Refusing(Gateway):
    """Stripe understands and says no."""

    def _price(self, *_: object) -> str:
        raise Bug("no such price")

    def undo_cancel(self, subscription_id: str, *, key: str) -> None:
        raise Bug("no")

    def cancel(self, subscription_id: str, *, at_period_end: bool = True, key: str) -> None:
        raise Bug("no")


def hidden(page: str) -> dict[str, str]:
    """What the page carries for itself."""
    return dict(re.findall(r'name="(plan|price_cents|terms)"[^>]* value="([^"]*)"', page))


def refused_alerts() -> list[Alert]:
    with db.reading() as session:
        return list(session.scalars(select(Alert).where(Alert.code == rules.BUG_ALERT)))


def test_a_refusal_while_paying_is_a_clear_answer_and_calls_somebody(
    app: Flask, client: Browser, house: House, at_stripe: StandIn
) -> None:
    applicant = ready_to_pay(house)
    app.config["GATEWAY"] = like(at_stripe.gateway(), Refusing, at_stripe)
    client.sign_in(applicant.person.user_id)
    sent = {"plan": "monthly", "price_cents": "25000", **hidden(client.get("/membership").text), "agreed": "y"}
    for _ in range(2):
        answer = client.submit("/membership/checkout", sent)
        assert answer.status_code == 503, answer.text[:300]
        assert "Nothing was charged" in answer.text
    assert [alert.patient_id for alert in refused_alerts()] == [applicant.patient_id]


def test_a_refusal_while_staying_is_a_clear_answer_and_calls_somebody(
    app: Flask, client: Browser, house: House, at_stripe: StandIn
) -> None:
    applicant, gateway = a_member(house, at_stripe)
    actions.cancel(
        patient_id=applicant.patient_id, gateway=gateway, catalog=house.catalog, actor=applicant.actor, now=house.now
    )
    app.config["GATEWAY"] = like(gateway, Refusing, at_stripe)
    client.sign_in(applicant.person.user_id)
    assert client.submit("/billing/cancel/undo").status_code == 303
    assert "still cancelled" in client.get("/billing").text
    assert [alert.patient_id for alert in refused_alerts()] == [applicant.patient_id]


def test_an_end_that_stripe_refuses_calls_somebody_and_gives_the_refund_once(
    house: House, moving_stripe: StandIn
) -> None:
    applicant, gateway = a_member(house, moving_stripe)
    half_a_month(house, moving_stripe, applicant)
    assert not end(house, like(gateway, Refusing, moving_stripe), applicant, "care_ended").answered
    for _ in range(3):
        house.at(house.now + 2 * HOUR)
        stops.end_overdue(gateway=like(gateway, Refusing, moving_stripe), catalog=house.catalog, now=house.now)
    assert money(applicant) == [25000, -12500]
    assert {alert.patient_id for alert in refused_alerts()} == {applicant.patient_id}
    house.at(house.now + 2 * HOUR)
    assert stops.end_overdue(gateway=gateway, catalog=house.catalog, now=house.now) == 1
    assert (row_of(applicant).status, money(applicant)) == ("ended", [25000, -12500])


# At once


def counted(model: type, **where: object) -> int:
    with db.reading() as session:
        return len(session.scalars(select(model).filter_by(**where)).all())


@pytest.mark.parametrize("workers", [4])
def test_workers_at_once_stop_a_charge_once_and_give_it_back_once(
    committed: House, moving_stripe: StandIn, workers: int
) -> None:
    applicant, gateway = a_member(committed, moving_stripe, FAILS_LATER)
    due = charge_at(applicant)
    a_hold(committed, applicant)  # as old as the payment: it slipped through
    committed.at(due - timedelta(hours=20))
    works: list[Callable[[], object]] = [
        lambda: stop(committed, gateway),
        lambda: judge(committed, gateway),
        lambda: actions.ask_again(gateway=gateway, catalog=committed.catalog, now=committed.now),
    ]
    at_once(*(works * workers))
    committed.at(committed.now + timedelta(minutes=6))
    actions.ask_again(gateway=gateway, catalog=committed.catalog, now=committed.now)
    assert row_of(applicant).status == "stopped"
    assert (counted(Refund), counted(Intent, kind="pause", status="done")) == (1, 1)
    assert money(applicant) == [25000, -25000]
    assert counted(Alert, code=rules.ALERT, source_kind="payment") == 1
