"""Charges to come, what may be changed until when, and a price that nobody pays without a yes. No database."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.settings import HOUSE
from service.billing.rules import changes, charges, prices
from service.catalog.queries.load import load
from service.catalog.rules.changes import PriceChange

CATALOG = load(HOUSE / "config")
RULES = CATALOG.billing.changes
MIAMI = "America/New_York"
BEGAN = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
CHARGE = datetime(2026, 12, 23, 15, 0, tzinfo=UTC)
RISE = PriceChange("rise", "monthly", 26500, "homeward_monthly_b", date(2027, 2, 1), "keep")

ONE = changes.Running(
    status="active",
    ends=False,
    plan="monthly",
    price_cents=25000,
    next_plan=None,
    next_price_cents=None,
    period_starts_at=BEGAN,
    period_ends_at=CHARGE,
    anchor_at=BEGAN,
    paid_until=CHARGE,
    resumes_at=None,
    moved=False,
    time_zone=MIAMI,
)


def _moments(first: datetime, *, days: int) -> st.SearchStrategy[datetime]:
    return st.integers(0, days * 86400).map(lambda seconds: first + timedelta(seconds=seconds))


def test_a_rhythm_begun_on_the_31st_comes_back_to_the_31st() -> None:
    anchor = datetime(2027, 1, 31, 15, 0, tzinfo=UTC)
    found = charges.later_charges(anchor, anchor, 4)
    assert [(one.month, one.day) for one in found] == [(2, 28), (3, 31), (4, 30), (5, 31)]


@given(
    _moments(datetime(2024, 1, 1, tzinfo=UTC), days=2000),
    st.timedeltas(timedelta(0), timedelta(days=900)),
)
def test_the_next_charge_is_the_first_of_its_rhythm_that_is_later(anchor: datetime, after: timedelta) -> None:
    found = charges.charge_after(anchor, anchor + after)
    assert found > anchor + after
    assert found - (anchor + after) <= timedelta(days=31)
    rhythm = {charges.months_after(anchor, count) for count in range(40)}
    assert found in rhythm


@pytest.mark.parametrize(
    ("resumes_at", "next_on"),
    [(None, (12, 23)), (CHARGE, (12, 23)), (datetime(2027, 1, 23, 15, tzinfo=UTC), (1, 23))],
)
def test_a_charge_that_is_left_out_is_not_the_next_one(resumes_at: datetime | None, next_on: tuple[int, int]) -> None:
    found = charges.next_charge(CHARGE, BEGAN, resumes_at)
    assert (found.month, found.day) == next_on


@pytest.mark.parametrize(
    ("percent", "off", "credit", "comes_to"),
    [
        (None, None, 0, 25000),
        (20, None, 0, 20000),
        (None, 5000, 0, 20000),
        (None, None, 30000, 0),
        (33, None, 1, 16749),
    ],
)
def test_the_next_amount_is_what_discount_and_credit_leave(
    percent: int | None, off: int | None, credit: int, comes_to: int
) -> None:
    assert charges.next_amount(25000, percent=percent, off_cents=off, credit_cents=credit) == comes_to


@pytest.mark.parametrize("day", [date(2027, 3, 14), date(2026, 11, 1), date(2027, 2, 28), date(2026, 12, 31)])
@pytest.mark.parametrize("at", [datetime(2026, 12, 23, 7, 30, tzinfo=UTC), datetime(2026, 12, 23, 4, 59, tzinfo=UTC)])
def test_a_day_stays_the_patients_day_when_the_clocks_change(day: date, at: datetime) -> None:
    moved = charges.on_day(at, day, MIAMI)
    assert moved.tzinfo is UTC
    assert charges.day_of(moved, MIAMI) == day


def test_the_hour_by_the_patients_clock_stays_over_the_change_of_clocks() -> None:
    moved = charges.on_day(datetime(2027, 3, 10, 15, 0, tzinfo=UTC), date(2027, 3, 16), MIAMI)
    assert moved.astimezone(ZoneInfo(MIAMI)).hour == 10
    assert moved == datetime(2027, 3, 16, 14, 0, tzinfo=UTC)


BASE_NOES = [
    (None, "no_membership"),
    (replace(ONE, status="awaiting_payment"), "no_membership"),
    (replace(ONE, status="ended"), "no_membership"),
    (replace(ONE, status="grace"), "payment_first"),
    (replace(ONE, status="stopped"), "stopped"),
    (replace(ONE, ends=True), "ending"),
]


@pytest.mark.parametrize(("it", "why"), BASE_NOES)
def test_only_what_is_paid_and_goes_on_can_be_changed(it: changes.Running | None, why: str) -> None:
    assert changes.may_skip(it, RULES, BEGAN, 0) == why
    assert changes.may_unskip(it, RULES, BEGAN) == why
    assert changes.may_move(it, RULES, BEGAN, 0) == why
    assert changes.may_restart(it) == why
    assert changes.may_change_plan(it, "monthly_plus", RULES, BEGAN) == why


def test_each_cut_off_is_kept_to_the_second() -> None:
    second = timedelta(seconds=1)
    for may, cut_off in (
        (lambda now: changes.may_skip(ONE, RULES, now, 0), RULES.cut_off),
        (lambda now: changes.may_move(ONE, RULES, now, 0), RULES.cut_off),
        (lambda now: changes.may_change_plan(ONE, "monthly_plus", RULES, now), RULES.last_change),
    ):
        assert may(CHARGE - cut_off) is None
        assert may(CHARGE - cut_off + second) == "too_late"


def test_a_skip_can_be_undone_until_its_month_begins_and_ended_early_after() -> None:
    left_out = replace(ONE, resumes_at=datetime(2027, 1, 23, 15, tzinfo=UTC))
    assert changes.may_unskip(left_out, RULES, CHARGE - RULES.last_change) is None
    assert changes.may_unskip(left_out, RULES, CHARGE - timedelta(hours=1)) == "too_late"
    assert changes.may_restart(left_out) == "nothing_to_undo"
    month = replace(left_out, period_starts_at=CHARGE, period_ends_at=datetime(2027, 1, 23, 15, tzinfo=UTC))
    assert changes.may_unskip(month, RULES, CHARGE) == "unpaid_month"
    assert changes.may_restart(month) is None
    assert changes.may_move(month, RULES, CHARGE, 0) == "unpaid_month"
    assert changes.may_skip(month, RULES, CHARGE, 1) == "skipping"


@pytest.mark.parametrize(("used", "offered"), [(0, [1, 2, 3]), (1, [1, 2]), (2, [1]), (3, [])])
def test_no_more_months_are_offered_than_are_left(used: int, offered: list[int]) -> None:
    assert [one.months for one in changes.skips(ONE, RULES, used)] == offered
    assert changes.may_skip(ONE, RULES, BEGAN, used) == (None if offered else "too_often")


def test_only_a_dearer_plan_in_a_plain_month_is_charged_now() -> None:
    assert changes.plan_step(ONE, "monthly_plus", 34900) == "now"
    assert changes.plan_step(replace(ONE, moved=True), "monthly_plus", 34900) == "next"
    assert changes.plan_step(replace(ONE, resumes_at=CHARGE), "monthly_plus", 34900) == "next"
    plus = replace(ONE, plan="monthly_plus", price_cents=34900)
    assert changes.plan_step(plus, "monthly", 25000) == "next"
    coming = replace(plus, next_plan="monthly", next_price_cents=25000)
    assert changes.plan_step(coming, "monthly_plus", 34900) == "undo"
    assert changes.may_change_plan(coming, "monthly", RULES, BEGAN) == "same_plan"


def test_a_new_price_is_told_thirty_days_before_its_first_charge_and_never_before_its_day() -> None:
    told = datetime(2026, 12, 20, tzinfo=UTC)
    first = prices.applies_at(RISE, ONE, told_at=told, notice=RULES.price_notice)
    assert first == datetime(2027, 2, 23, 15, tzinfo=UTC)
    late = prices.applies_at(RISE, ONE, told_at=datetime(2027, 1, 30, tzinfo=UTC), notice=RULES.price_notice)
    assert late == datetime(2027, 3, 23, 15, tzinfo=UTC)


@given(
    told=_moments(BEGAN, days=400),
    day=st.dates(date(2026, 11, 24), date(2028, 6, 1)),
    skipped=st.integers(0, 3),
    anchor=_moments(datetime(2026, 1, 28, tzinfo=UTC), days=299),
)
def test_no_first_charge_comes_too_early(told: datetime, day: date, skipped: int, anchor: datetime) -> None:
    ends = charges.charge_after(anchor, told)
    resumes = charges.later_charges(anchor, ends, skipped)[-1] if skipped else None
    it = replace(ONE, anchor_at=anchor, period_ends_at=ends, resumes_at=resumes)
    first = prices.applies_at(replace(RISE, effective_on=day), it, told_at=told, notice=RULES.price_notice)
    assert first >= told + timedelta(days=30)
    assert charges.day_of(first, MIAMI) >= day
    assert first >= it.charge_at


def test_without_a_yes_the_old_price_stays_or_the_membership_ends() -> None:
    first = datetime(2027, 2, 23, 15, tzinfo=UTC)
    near = replace(ONE, period_ends_at=first)
    until = prices.agree_until(first, RULES.last_change)

    def settled(change: PriceChange | None, it: changes.Running, now: datetime) -> str | None:
        return prices.without_a_yes(change, it, applies_at=first, until=until, now=now)

    assert settled(RISE, near, until) is None
    assert settled(RISE, near, until + timedelta(seconds=1)) == "kept"
    assert settled(replace(RISE, without_consent="end"), near, until + timedelta(seconds=1)) == "ended"
    assert settled(None, near, until) == "overtaken"
    assert settled(RISE, replace(near, plan="monthly_plus", price_cents=34900), until) == "overtaken"
    assert settled(RISE, ONE, until + timedelta(seconds=1)) is None, "its charge has not come yet"


def test_who_is_told_pays_less_goes_on_and_is_told_in_its_season() -> None:
    season = datetime(2026, 12, 10, tzinfo=UTC)

    def told(it: changes.Running, now: datetime = season) -> bool:
        return prices.concerns(RISE, it, now, within=RULES.tell_within)

    assert told(ONE)
    assert not told(ONE, datetime(2026, 11, 23, tzinfo=UTC))
    assert not told(replace(ONE, price_cents=26500))
    assert not told(replace(ONE, ends=True))
    assert not told(replace(ONE, status="stopped"))
    assert not told(replace(ONE, next_plan="monthly_plus", next_price_cents=34900))
    assert told(replace(ONE, plan="monthly_plus", price_cents=34900, next_plan="monthly", next_price_cents=25000))


def test_somebody_new_pays_the_new_price_from_its_day_on_and_each_price_has_its_key() -> None:
    catalog = replace(CATALOG, price_changes=(RISE,))
    assert catalog.on(date(2027, 1, 31)).plans["monthly"].price_cents == 25000
    assert catalog.on(date(2027, 2, 1)).plans["monthly"].price_cents == 26500
    assert catalog.on(date(2027, 2, 1)).from_price_cents == 26500
    assert prices.price_key(catalog, "monthly", 25000) == "homeward_monthly"
    assert prices.price_key(catalog, "monthly", 26500) == "homeward_monthly_b"
    assert prices.price_key(catalog, "monthly", 1) is None


def test_every_no_has_words() -> None:
    assert all(text.endswith(".") for text in changes.WHY.values())
