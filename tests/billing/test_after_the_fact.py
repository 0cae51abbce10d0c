"""A payment nobody could ask about before it was made, because we were away, is asked about afterwards."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from sqlalchemy import select, update

from service.billing import actions
from service.billing.gateway import Gateway
from service.billing.models import GateRecord
from service.kit import db
from service.visits.models import LicenseRecord
from tests.billing.stand_in import StandIn
from tests.billing.test_events import deliver
from tests.billing.test_renewals import a_member, charge_at, pass_time, row_of, tick
from tests.billing.test_resume import billing_alerts
from tests.billing.test_stops import judge, money, refunds, statuses
from tests.conftest import House
from tests.factories.billing import a_hold
from tests.factories.visits import Applicant

DUE_ON = date(2026, 12, 23)
HOURS_LATER = timedelta(hours=3)


def records(applicant: Applicant) -> list[tuple[str, bool, list[str]]]:
    """Each answer of the gate: the first word of what it was about, and why not."""
    with db.reading() as session:
        query = select(GateRecord).where(GateRecord.patient_id == applicant.patient_id)
        rows = session.scalars(query.order_by(GateRecord.asked_at, GateRecord.id))
        return [(row.period.split(":")[0], row.yes, row.reasons) for row in rows]


def away_until_it_was_paid(
    house: House, stripe: StandIn, *, license_expires_on: date | None = None
) -> tuple[Applicant, Gateway]:
    """We were away for a month; Stripe renewed meanwhile, and we hear of it three hours later."""
    applicant, gateway = a_member(house, stripe, license_expires_on=license_expires_on)
    pass_time(house, stripe, gateway, charge_at(applicant) + HOURS_LATER)
    assert statuses(applicant) == ["paid", "paid"]
    return applicant, gateway


def end_the_licence(now: datetime) -> None:
    with db.transaction() as session:
        session.execute(update(LicenseRecord).values(ended_at=now))


def test_what_was_paid_without_a_licence_goes_back_and_calls_billing(house: House, moving_stripe: StandIn) -> None:
    applicant, gateway = away_until_it_was_paid(house, moving_stripe, license_expires_on=DUE_ON)
    assert judge(house, gateway) == 1
    assert judge(house, gateway) == 0
    assert [(one.reason, one.source, one.amount_cents) for one in refunds()] == [("paid_on_no", "rule", 25000)]
    assert money(applicant) == [25000, 25000, -25000]
    assert row_of(applicant).status == "stopped"
    assert [alert.patient_id for alert in billing_alerts()] == [applicant.patient_id]


def test_the_gates_no_is_kept_beside_what_goes_back(house: House, moving_stripe: StandIn) -> None:
    applicant, gateway = away_until_it_was_paid(house, moving_stripe, license_expires_on=DUE_ON)
    judge(house, gateway)
    last = records(applicant)[-1]
    assert (last[0], last[1]) == ("paid", False)
    assert "license" in last[2]


def test_a_licence_that_held_on_the_day_is_enough(house: House, moving_stripe: StandIn) -> None:
    applicant, gateway = away_until_it_was_paid(house, moving_stripe, license_expires_on=DUE_ON + timedelta(days=1))
    house.at(house.now + timedelta(days=2))  # it has run out by the time we look
    assert judge(house, gateway) == 0
    assert (refunds(), row_of(applicant).status) == ([], "active")


def test_a_yes_of_the_day_before_is_not_taken_back_by_what_came_later(house: House, moving_stripe: StandIn) -> None:
    applicant, gateway = a_member(house, moving_stripe)
    due = charge_at(applicant)
    tick(house, gateway, due - timedelta(minutes=5))
    moving_stripe.move_to(due + HOURS_LATER)
    house.at(due + HOURS_LATER)
    end_the_licence(house.now)
    deliver(house, gateway, *moving_stripe.messages())
    assert judge(house, gateway) == 0
    assert (refunds(), row_of(applicant).status) == ([], "active")


def test_what_goes_back_because_of_a_hold_keeps_the_gates_no_as_well(house: House, moving_stripe: StandIn) -> None:
    applicant, gateway = a_member(house, moving_stripe)
    due = charge_at(applicant)
    house.at(due - timedelta(hours=1))
    a_hold(house, applicant)
    pass_time(house, moving_stripe, gateway, due + HOURS_LATER)
    assert judge(house, gateway) == 1
    assert [one.reason for one in refunds()] == ["paid_on_hold"]
    assert records(applicant)[-1] == ("paid", False, ["hold"])


def test_a_right_payment_adds_no_answer_of_its_own(house: House, moving_stripe: StandIn) -> None:
    applicant, gateway = away_until_it_was_paid(house, moving_stripe)
    before = records(applicant)
    assert actions.judge_payments(gateway=gateway, catalog=house.catalog, now=house.now) == 0
    assert records(applicant) == before
