"""A price that rises: told in time, agreed to in one's own words, or never charged."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
import requests
from sqlalchemy import select

from service.billing import actions
from service.billing.actions.changes import settle_prices, tell_price_changes
from service.billing.models import Cancellation, PriceNotice
from service.catalog.rules.changes import PriceChange
from service.kit import db
from service.kit.errors import Conflict, TryAgain
from tests.billing.changing import Member, a_member, with_changes
from tests.billing.stand_in import StandIn
from tests.conftest import House

RISE = PriceChange("rise", "monthly", 26500, "homeward_monthly_b", date(2027, 2, 1), "keep")
ENDS = replace(RISE, without_consent="end")
FIRST = datetime(2027, 2, 23, 15, tzinfo=UTC)  # the first charge after its day


def notice(member: Member) -> PriceNotice | None:
    with db.reading() as session:
        return session.scalars(select(PriceNotice).where(PriceNotice.membership_id == member.row.id)).one_or_none()


def outcome(member: Member) -> str | None:
    found = notice(member)
    assert found is not None
    return found.outcome


def agree(member: Member, cents: int = 26500) -> None:
    found = notice(member)
    assert found is not None
    actions.agree_to_price(notice_id=found.id, terms=member.terms("price", cents), **member.about)


def told(house: House, stripe: StandIn, change: PriceChange = RISE) -> Member:
    """A member who was told in December."""
    member = a_member(house, stripe)
    with_changes(member, change)
    member.day_by_day(datetime(2026, 12, 12, tzinfo=UTC), step=timedelta(days=1))
    assert outcome(member) is None
    return member


def test_everybody_it_concerns_is_told_once_in_its_season(house: House, moving_stripe: StandIn) -> None:
    member, plus = a_member(house, moving_stripe), a_member(house, moving_stripe, plan="monthly_plus")
    with_changes(member, RISE)
    house.at(datetime(2026, 12, 1, tzinfo=UTC))
    assert tell_price_changes(catalog=member.catalog, now=house.now) == 0, "its first day is far off"
    house.at(datetime(2026, 12, 4, tzinfo=UTC))
    assert [tell_price_changes(catalog=member.catalog, now=house.now) for _ in range(3)] == [1, 0, 0]
    assert len(member.mails("price_change")) == 1
    assert notice(plus) is None
    found = notice(member)
    assert found is not None
    assert (found.old_cents, found.new_cents, found.applies_at.date()) == (25000, 26500, FIRST.date())
    assert found.applies_at >= found.told_at + timedelta(days=30)


def test_told_late_it_counts_from_a_later_charge(house: House, moving_stripe: StandIn) -> None:
    member = a_member(house, moving_stripe)
    with_changes(member, replace(RISE, effective_on=date(2026, 12, 1)))
    house.at(datetime(2026, 12, 10, tzinfo=UTC))
    tell_price_changes(catalog=member.catalog, now=house.now)
    found = notice(member)
    assert found is not None
    assert found.applies_at.date() == date(2027, 1, 23), "thirty days are not over on December 23"


def test_with_a_yes_the_new_price_is_charged_from_its_charge_on(house: House, moving_stripe: StandIn) -> None:
    member = told(house, moving_stripe)
    agree(member)
    agree(member)
    assert member.agreed() == [("start", 25000), ("price", 26500)]
    assert (outcome(member), len(member.mails())) == ("agreed", 1)
    member.day_by_day(datetime(2027, 1, 23, 12, tzinfo=UTC))
    assert member.at_stripe().price_cents == 25000, "one charge at the old price is still to come"
    assert member.card.next_cents == 25000
    member.day_by_day(datetime(2027, 1, 24, 12, tzinfo=UTC))
    assert member.card.next_cents == 26500 == member.at_stripe().price_cents
    member.day_by_day(datetime(2027, 2, 24, tzinfo=UTC))
    assert member.charged() == [25000, 25000, 25000, 26500]
    assert (member.row.price_cents, member.row.next_price_cents) == (26500, None)


def test_without_a_yes_the_old_price_stays(house: House, moving_stripe: StandIn) -> None:
    member = told(house, moving_stripe)
    member.day_by_day(datetime(2027, 3, 24, tzinfo=UTC))
    assert outcome(member) == "kept"
    assert member.charged() == [25000] * 5
    assert len(member.mails("price_change")) == 1
    with pytest.raises(Conflict) as no:
        agree(member)
    assert no.value.code == "nothing_to_undo"


def test_without_a_yes_the_membership_ends_with_the_paid_month(house: House, moving_stripe: StandIn) -> None:
    member = told(house, moving_stripe, ENDS)
    member.day_by_day(FIRST - timedelta(hours=12))
    assert outcome(member) == "ended"
    assert member.card.cancels_at_period_end
    with db.reading() as session:
        left = session.scalars(select(Cancellation).where(Cancellation.membership_id == member.row.id)).one()
    assert (left.asked_by, left.reason) == ("rule", "price")
    assert len(member.mails("membership_ending")) == 1
    member.day_by_day(FIRST + timedelta(days=1))
    assert member.row.status == "ended"
    assert member.charged() == [25000] * 3


def test_staying_after_that_end_takes_a_yes_to_the_price(house: House, moving_stripe: StandIn) -> None:
    member = told(house, moving_stripe, ENDS)
    member.day_by_day(FIRST - timedelta(hours=12))
    with pytest.raises(Conflict) as no:
        actions.undo_cancel(**member.about)
    assert no.value.code == "price_first"
    agree(member)
    assert not member.card.cancels_at_period_end
    member.tick()
    member.day_by_day(FIRST + timedelta(days=1))
    assert member.charged() == [25000, 25000, 25000, 26500]


def test_a_yes_after_its_time_counts_no_more(house: House, moving_stripe: StandIn) -> None:
    member = told(house, moving_stripe)
    house.at(FIRST - timedelta(hours=23))
    with pytest.raises(Conflict) as no:
        agree(member)
    assert no.value.code == "too_late"


@pytest.mark.parametrize("cents", [1, 26400, 26501, 2**40])
def test_a_yes_to_another_price_is_none(house: House, moving_stripe: StandIn, cents: int) -> None:
    member = told(house, moving_stripe)
    with pytest.raises(Conflict) as no:
        agree(member, cents)
    assert no.value.code == "changed"
    assert outcome(member) is None


def test_another_plan_overtakes_it_and_going_back_asks_again(house: House, moving_stripe: StandIn) -> None:
    member = told(house, moving_stripe)
    member.upgrade()
    assert outcome(member) == "overtaken"
    actions.change_plan_later(plan_key="monthly", terms=None, **member.about)
    actions.keep_plan(**member.about)
    member.day_by_day(FIRST + timedelta(days=1))
    assert member.charged()[2:] == [34900, 34900, 34900]
    assert len(member.mails("price_change")) == 1


def test_a_charge_left_out_moves_the_first_one_and_none_comes_early(house: House, moving_stripe: StandIn) -> None:
    member = told(house, moving_stripe)
    agree(member)
    actions.skip(months=2, **member.about)
    member.day_by_day(FIRST + timedelta(days=1))
    assert member.charged() == [25000, 26500]


def test_a_change_that_the_clinic_takes_back_charges_nobody_more(house: House, moving_stripe: StandIn) -> None:
    member = told(house, moving_stripe)
    with_changes(member)
    member.day_by_day(FIRST + timedelta(days=1))
    assert member.charged() == [25000] * 4
    assert settle_prices(gateway=member.gateway, catalog=member.catalog, now=house.now) == 0


def stripe_is_away(stripe: StandIn) -> None:
    fault = {"kind": "500", "count": 9, "method": "POST", "path": "/v1/subscriptions"}
    requests.post(f"{stripe.url}/_standin/faults", json=fault, timeout=5).raise_for_status()


def test_nobody_whose_cancellation_stripe_has_not_heard_is_told_of_a_price(
    house: House, moving_stripe: StandIn
) -> None:
    member = a_member(house, moving_stripe)
    with_changes(member, replace(RISE, effective_on=date(2026, 12, 20)))
    stripe_is_away(moving_stripe)
    with pytest.raises(TryAgain):
        actions.cancel(**member.about)
    assert tell_price_changes(catalog=member.catalog, now=house.now) == 0
    assert (notice(member), member.mails("price_change")) == (None, [])


def test_who_is_leaving_ends_by_their_own_wish_and_not_for_the_price(house: House, moving_stripe: StandIn) -> None:
    member = told(house, moving_stripe, ENDS)
    member.day_by_day(FIRST - timedelta(hours=25), step=timedelta(days=1))
    stripe_is_away(moving_stripe)
    with pytest.raises(TryAgain):
        actions.cancel(**member.about)
    house.at(FIRST - timedelta(hours=23))
    settle_prices(gateway=member.gateway, catalog=member.catalog, now=house.now)
    assert outcome(member) is None
    with db.reading() as session:
        left = session.scalars(select(Cancellation).where(Cancellation.membership_id == member.row.id)).all()
    assert [(one.asked_by, one.reason) for one in left] == [("patient", None)]


def test_nobody_who_leaves_or_came_later_is_asked(house: House, moving_stripe: StandIn) -> None:
    member = a_member(house, moving_stripe)
    with_changes(member, replace(RISE, effective_on=date(2026, 12, 20)))
    actions.cancel(**member.about)
    assert tell_price_changes(catalog=member.catalog, now=house.now) == 0
    new = member.catalog.on(date(2026, 12, 20)).plans["monthly"]
    assert (new.price_cents, new.stripe_lookup_key) == (26500, "homeward_monthly_b")
