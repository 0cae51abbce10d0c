"""The date of a charge, moved: by the patient's calendar, over the change of clocks, and not too often."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from service.billing import actions
from service.billing.models import Membership
from service.kit import db
from service.kit.errors import Conflict
from tests.billing.changing import MIAMI, Member, a_member
from tests.billing.stand_in import StandIn
from tests.conftest import House


def move(member: Member, day: date) -> None:
    actions.move_date(day=day, **member.about)


def refused(member: Member, day: date, code: str) -> None:
    with pytest.raises(Conflict) as no:
        move(member, day)
    assert no.value.code == code


def test_the_charge_comes_on_the_new_day_and_on_from_there(house: House, moving_stripe: StandIn) -> None:
    member = a_member(house, moving_stripe)
    move(member, date(2026, 12, 31))
    assert member.charge_on == date(2026, 12, 31)
    assert member.paid_until_on == date(2026, 12, 31), "the days in between are given"
    assert member.charged() == [25000]
    member.day_by_day(datetime(2026, 12, 30, 12, tzinfo=UTC))
    assert member.charged() == [25000]
    assert [key[-17:-7] for key in member.mails("renewal_reminder")] == ["2026-12-31"]
    member.day_by_day(datetime(2027, 3, 2, tzinfo=UTC))
    assert member.charged() == [25000] * 4 == member.kept()
    assert member.charge_on == date(2027, 3, 31), "the last day of February was not the end of the 31st"
    assert member.card.status == "active"
    assert len(member.mails()) == 1


def test_it_is_the_patients_day_and_hour_over_the_change_of_clocks(house: House, moving_stripe: StandIn) -> None:
    member = a_member(house, moving_stripe)
    member.day_by_day(datetime(2027, 3, 8, tzinfo=UTC), step=timedelta(days=2))
    before = member.charge_at.astimezone(ZoneInfo(MIAMI))
    assert (before.hour, before.date()) == (11, date(2027, 3, 23)), "Stripe counts in UTC"
    move(member, date(2027, 3, 24))
    there = member.charge_at.astimezone(ZoneInfo(MIAMI))
    assert (there.hour, there.date()) == (11, date(2027, 3, 24))


def test_a_charge_near_midnight_is_moved_by_the_patients_calendar(house: House, moving_stripe: StandIn) -> None:
    member = a_member(house, moving_stripe)
    with db.transaction() as session:
        row = session.get_one(Membership, member.row.id)
        row.period_ends_at = datetime(2026, 12, 24, 4, 30, tzinfo=UTC)  # 11:30 PM on the 23rd in Miami
    refused(member, date(2026, 12, 23), "no_such_choice")
    move(member, date(2026, 12, 24))
    assert member.charge_at.astimezone(ZoneInfo(MIAMI)).date() == date(2026, 12, 24)


@pytest.mark.parametrize(
    "day", [date(2026, 12, 22), date(2026, 12, 23), date(2027, 1, 7), date(1, 1, 1), date(9999, 12, 31)]
)
def test_a_day_that_is_not_offered_is_no_choice(house: House, stripe: StandIn, day: date) -> None:
    member = a_member(house, stripe)
    refused(member, day, "no_such_choice")
    assert member.intents() == []


def test_twice_in_twelve_months_and_not_after_the_cut_off(house: House, moving_stripe: StandIn) -> None:
    member = a_member(house, moving_stripe)
    house.at(member.charge_at - timedelta(days=2))
    refused(member, date(2026, 12, 24), "too_late")
    house.at(datetime(2026, 11, 25, tzinfo=UTC))
    move(member, date(2026, 12, 24))
    move(member, date(2026, 12, 25))
    refused(member, date(2026, 12, 26), "too_often")
    assert member.charge_on == date(2026, 12, 25)


def test_a_dearer_plan_in_days_that_were_given_begins_with_the_next_charge(
    house: House, moving_stripe: StandIn
) -> None:
    member = a_member(house, moving_stripe)
    move(member, date(2026, 12, 30))
    shown = member.review()
    assert (shown.step, shown.preview) == ("next", None)
    with pytest.raises(Conflict) as no:
        member.upgrade(shown)
    assert no.value.code == "changed"
    assert member.charged() == [25000]


def test_a_moved_charge_can_be_left_out_too(house: House, moving_stripe: StandIn) -> None:
    member = a_member(house, moving_stripe)
    move(member, date(2026, 12, 30))
    actions.skip(months=1, **member.about)
    assert member.charge_on == date(2027, 1, 30)
    refused(member, date(2027, 1, 2), "skipping")
    member.day_by_day(datetime(2027, 1, 5, tzinfo=UTC))
    assert member.card.unpaid
    member.day_by_day(datetime(2027, 1, 31, tzinfo=UTC))
    assert member.charged() == [25000, 25000]
