"""Months that are given cover the charges that were promised, whatever the calendar does in between."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select

from service.billing import actions, rules
from service.billing.actions.desk import credits
from service.billing.models import Credit, Intent, Membership
from service.billing.rules.charges import months_after
from service.kit import db
from service.kit.errors import Conflict
from tests.billing import changing
from tests.billing.desk import staff, stored
from tests.billing.test_desk_giving import give
from tests.billing.test_renewals import a_member, pass_time, row_of

if TYPE_CHECKING:
    from tests.billing.stand_in import StandIn
    from tests.conftest import House


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("now", "charges", "runs"),
    [
        ("2026-11-23T16:00", ["2026-12-23T15:00"], 1),
        ("2026-11-23T16:00", ["2026-12-23T15:00", "2027-01-23T15:00"], 2),
        ("2027-02-28T16:00", ["2027-03-31T15:00"], 2),  # begun on a 31st: a month from now is three days too short
        ("2026-11-30T16:00", ["2026-12-31T15:00", "2027-01-31T15:00"], 3),
        ("2026-11-25T16:00", ["2027-01-23T15:00"], 2),  # December is left out
        ("2026-11-25T16:00", ["2027-02-23T15:00", "2027-03-23T15:00"], 4),
        ("2026-11-23T15:00", ["2026-12-23T15:00"], 2),
    ],
)
def test_given_months_reach_the_charges_that_were_promised(now: str, charges: list[str], runs: int) -> None:
    due = [at(one) for one in charges]
    assert rules.months_to_run(at(now), due) == runs
    assert due[-1] < months_after(at(now), runs)


def test_months_are_given_over_a_month_that_is_left_out(house: House, moving_stripe: StandIn) -> None:
    applicant, gateway = a_member(house, moving_stripe)
    pass_time(house, moving_stripe, gateway, house.now + timedelta(hours=1))
    row = row_of(applicant)
    assert row.period_ends_at
    with db.transaction() as session:
        session.get_one(Membership, row.id).collection_resumes_at = months_after(row.period_ends_at, 1)
    asked = give(house, gateway, applicant, 1, kind="comp")
    same: dict[str, Any] = {"gateway": gateway, "catalog": house.catalog, "now": house.now}
    credits.decide_credit(credit_id=asked.refund_id, yes=True, actor=staff("owner"), **same)
    with db.reading() as session:
        (intent,) = session.scalars(select(Intent).where(Intent.kind == "months")).all()
    assert intent.details["months"] == 2
    assert [one.months for one in stored(Credit)] == [1]


def test_a_dearer_plan_is_not_had_for_nothing_in_months_that_are_given(house: House, moving_stripe: StandIn) -> None:
    member = changing.a_member(house, moving_stripe)
    member.pass_time(house.now + timedelta(hours=1))
    asked = give(house, member.gateway, member.applicant, 1, kind="comp")
    same: dict[str, Any] = {"gateway": member.gateway, "catalog": house.catalog, "now": house.now}
    credits.decide_credit(credit_id=asked.refund_id, yes=True, actor=staff("owner"), **same)
    assert member.card.next_cents == 0
    later = member.terms("plan", plan="monthly_plus")
    for dearer in (
        member.review,
        lambda: actions.change_plan_later(plan_key="monthly_plus", terms=later, **member.about),
    ):
        with pytest.raises(Conflict) as no:
            dearer()
        assert no.value.code == "given_month"
    member.day_by_day(at("2027-01-24T15:00"))
    assert member.charged() == [25000, 25000]
    assert member.review().step == "now"


def test_a_cheaper_plan_can_be_chosen_in_months_that_are_given(house: House, moving_stripe: StandIn) -> None:
    member = changing.a_member(house, moving_stripe, plan="monthly_plus")
    member.pass_time(house.now + timedelta(hours=1))
    asked = give(house, member.gateway, member.applicant, 1, kind="comp")
    same: dict[str, Any] = {"gateway": member.gateway, "catalog": house.catalog, "now": house.now}
    credits.decide_credit(credit_id=asked.refund_id, yes=True, actor=staff("owner"), **same)
    actions.change_plan_later(plan_key="monthly", terms=None, **member.about)
    assert member.row.next_plan == "monthly"


def test_no_months_are_given_to_a_membership_that_is_stopped(house: House, stripe: StandIn) -> None:
    applicant, gateway = a_member(house, stripe)
    with db.transaction() as session:
        session.get_one(Membership, row_of(applicant).id).status = "stopped"
    with pytest.raises(Conflict, match="not_stopped"):
        give(house, gateway, applicant, 1, kind="comp")
    assert stored(Credit) == []
