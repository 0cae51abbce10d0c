"""When a nudge leaves: never at night, never stale, right through every change of the clocks."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.settings import HOUSE
from service.catalog.queries import catalog
from service.reminders.rules import due_now, plan, send_at

RULES = catalog(HOUSE / "config").reminders
QUIET, LADDER = RULES.quiet_hours, RULES.ladders["check_in"]
NEW_YORK, CHICAGO = "America/New_York", "America/Chicago"
SPRING = [date(2026, 3, 8), date(2027, 3, 14), date(2028, 3, 12), date(2029, 3, 11), date(2030, 3, 10)]
AUTUMN = [date(2026, 11, 1), date(2027, 11, 7), date(2028, 11, 5), date(2029, 11, 4), date(2030, 11, 3)]


def at(zone: str, *when: int) -> datetime:
    return datetime(*when, tzinfo=ZoneInfo(zone)).astimezone(UTC)


def clock(moment: datetime, zone: str) -> time:
    return moment.astimezone(ZoneInfo(zone)).time()


def test_half_past_six_in_chicago_waits_until_eight_in_chicago():
    leaving = send_at(at(CHICAGO, 2026, 12, 5, 6, 30), CHICAGO, QUIET)
    assert leaving == at(CHICAGO, 2026, 12, 5, 8) == at(NEW_YORK, 2026, 12, 5, 9)


@pytest.mark.parametrize(
    ("hour", "minute", "day", "leaves"),
    [(8, 0, 5, 8), (19, 59, 5, 19), (20, 0, 6, 8), (23, 30, 6, 8), (0, 0, 5, 8), (7, 59, 5, 8)],
)
def test_the_day_begins_at_eight_and_ends_before_twenty(hour, minute, day, leaves):
    leaving = send_at(at(NEW_YORK, 2026, 12, 5, hour, minute), NEW_YORK, QUIET)
    assert leaving.astimezone(ZoneInfo(NEW_YORK)).day == day
    assert clock(leaving, NEW_YORK).hour == leaves


@settings(database=None, deadline=None, max_examples=300)
@given(
    day=st.sampled_from(SPRING + AUTUMN),
    minutes=st.integers(-24 * 60, 48 * 60),
    zone=st.sampled_from([NEW_YORK, CHICAGO]),
)
def test_around_every_clock_change_mail_leaves_by_day_at_most_half_a_day_later(day, minutes, zone):
    due_at = at(zone, day.year, day.month, day.day) + timedelta(minutes=minutes)
    leaving = send_at(due_at, zone, QUIET)
    assert due_at <= leaving <= due_at + timedelta(hours=13)  # twelve quiet hours, thirteen in autumn
    assert QUIET.opens <= clock(leaving, zone) < QUIET.closes
    assert send_at(leaving, zone, QUIET) == leaving
    before = leaving - timedelta(minutes=1)
    assert leaving == due_at or before < due_at or not QUIET.opens <= clock(before, zone) < QUIET.closes


@pytest.mark.parametrize("day", SPRING + AUTUMN)
@pytest.mark.parametrize("zone", [NEW_YORK, CHICAGO])
def test_the_second_nudge_comes_at_the_same_hour_though_the_day_was_longer_or_shorter(day, zone):
    due_at = at(zone, day.year, day.month, day.day, 9) - timedelta(days=1)
    due_at = due_at.replace(hour=at(zone, *(day - timedelta(days=1)).timetuple()[:3], 9).hour)
    first, second = plan(LADDER, due_at, zone, QUIET)
    assert first.send_at == due_at
    assert clock(second.send_at, zone) == time(9)
    assert second.send_at.astimezone(ZoneInfo(zone)).date() == day


def test_each_nudge_gives_way_to_the_next_and_all_to_the_end():
    first, second = plan(LADDER, at(NEW_YORK, 2026, 12, 5, 9), NEW_YORK, QUIET)
    assert first.send_before == second.send_at == at(NEW_YORK, 2026, 12, 6, 9)
    assert second.send_before == at(NEW_YORK, 2026, 12, 8, 9)


def nudge(now: datetime):
    return due_now(plan(LADDER, at(NEW_YORK, 2026, 12, 5, 9), NEW_YORK, QUIET), now, NEW_YORK, QUIET)


def test_before_its_time_nothing_leaves():
    assert nudge(at(NEW_YORK, 2026, 12, 5, 8, 59)) is None


def test_on_its_day_the_first_leaves_and_the_day_after_the_second():
    assert nudge(at(NEW_YORK, 2026, 12, 5, 9)).step == "day-0"
    assert nudge(at(NEW_YORK, 2026, 12, 6, 9)).step == "day-1"


def test_a_service_that_was_away_sends_the_newest_nudge_only():
    late = nudge(at(NEW_YORK, 2026, 12, 7, 12))
    assert late.step == "day-1"
    assert late.send_at == at(NEW_YORK, 2026, 12, 7, 12)


def test_a_service_that_comes_back_at_night_waits_for_the_morning_too():
    late = nudge(at(NEW_YORK, 2026, 12, 6, 23, 30))
    assert late.step == "day-1"
    assert late.send_at == at(NEW_YORK, 2026, 12, 7, 8)


def test_a_first_nudge_held_back_by_the_night_is_still_the_first():
    planned = plan(LADDER, at(NEW_YORK, 2026, 12, 5, 23, 30), NEW_YORK, QUIET)
    first = due_now(planned, at(NEW_YORK, 2026, 12, 5, 23, 30), NEW_YORK, QUIET)
    assert (first.step, first.send_at) == ("day-0", at(NEW_YORK, 2026, 12, 6, 8))


def test_after_three_days_nobody_is_nudged_any_more():
    assert nudge(at(NEW_YORK, 2026, 12, 8, 8, 59)) is not None
    assert nudge(at(NEW_YORK, 2026, 12, 8, 9)) is None
    assert nudge(at(NEW_YORK, 2027, 6, 1, 9)) is None
