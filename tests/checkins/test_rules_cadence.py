"""When a check-in is due, on a patient's own calendar and clock."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.settings import HOUSE
from service.catalog.queries import catalog
from service.catalog.rules.programs import Cadence, Program
from service.checkins.rules.cadence import due_checkins, next_due_at
from service.checkins.rules.local_time import moment

OCD = catalog(HOUSE / "config").programs["ocd"]
STARTED = date(2026, 11, 21)
NEW_YORK, CHICAGO = "America/New_York", "America/Chicago"


def at(zone: str, *when: int) -> datetime:
    return datetime(*when, tzinfo=ZoneInfo(zone)).astimezone(UTC)


def due(now: datetime, zone: str = NEW_YORK, existing=()):
    return due_checkins(OCD, STARTED, zone, existing, now)


def test_the_first_check_in_comes_two_weeks_in_at_nine_in_the_morning():
    assert due(at(NEW_YORK, 2026, 12, 5, 8, 59)) == ()
    (check_in,) = due(at(NEW_YORK, 2026, 12, 5, 9, 0))
    assert check_in.key == "phq9:2026-12-05"
    assert check_in.due_at == at(NEW_YORK, 2026, 12, 5, 9)
    assert check_in.closes_at == at(NEW_YORK, 2026, 12, 12, 9)


def test_nine_in_the_panhandle_is_an_hour_later():
    assert due(at(NEW_YORK, 2026, 12, 5, 9, 30), CHICAGO) == ()
    assert due(at(CHICAGO, 2026, 12, 5, 9), CHICAGO)[0].due_at == at(NEW_YORK, 2026, 12, 5, 10)


def test_a_check_in_that_is_open_is_not_opened_again():
    assert due(at(NEW_YORK, 2026, 12, 6, 9), existing={"phq9:2026-12-05"}) == ()


def test_someone_found_late_meets_the_newest_only_never_a_backlog():
    (check_in,) = due(at(NEW_YORK, 2027, 2, 1, 12))
    assert check_in.key == "phq9:2027-01-30"


def test_a_check_in_whose_time_is_over_is_not_opened_any_more():
    assert due(at(NEW_YORK, 2026, 12, 12, 9)) == ()
    assert due(at(NEW_YORK, 2026, 12, 19, 8, 59)) == ()


def test_before_the_membership_nothing_is_due():
    assert due(at(NEW_YORK, 2026, 11, 1, 12)) == ()


def test_the_next_one_is_known_in_advance():
    assert next_due_at(OCD, STARTED, NEW_YORK, at(NEW_YORK, 2026, 11, 21, 23, 30)) == at(NEW_YORK, 2026, 12, 5, 9)
    assert next_due_at(OCD, STARTED, NEW_YORK, at(NEW_YORK, 2026, 12, 5, 8)) == at(NEW_YORK, 2026, 12, 5, 9)
    assert next_due_at(OCD, STARTED, NEW_YORK, at(NEW_YORK, 2026, 12, 5, 9)) == at(NEW_YORK, 2026, 12, 19, 9)


def test_a_move_to_another_zone_does_not_bring_the_same_day_twice():
    (check_in,) = due(at(NEW_YORK, 2026, 12, 5, 9))
    assert due(at(CHICAGO, 2026, 12, 5, 9), CHICAGO, {check_in.key}) == ()


def test_two_measures_may_be_due_on_one_day():
    pain = Program(
        "p", "chronic_pain", "P", "first", (Cadence("a", 7, 7, time(9), 7), Cadence("b", 14, 14, time(9), 7))
    )
    found = due_checkins(pain, STARTED, NEW_YORK, (), at(NEW_YORK, 2026, 12, 5, 9))
    assert [check_in.key for check_in in found] == ["a:2026-12-05", "b:2026-12-05"]


@pytest.mark.parametrize("year", range(2026, 2031))
def test_across_both_clock_changes_of_every_year_each_turn_comes_once_at_nine(year):
    """A tick every hour for a year: each due day opens exactly one check-in, at 09:00 on the patient's clock."""
    seen: dict[str, datetime] = {}
    tick = at(CHICAGO, year, 1, 1, 0)
    while tick < at(CHICAGO, year + 1, 1, 1, 0):
        for check_in in due_checkins(OCD, date(year, 1, 1), CHICAGO, seen, tick):
            seen[check_in.key] = check_in.due_at
            assert check_in.due_at == tick
            assert check_in.due_at.astimezone(ZoneInfo(CHICAGO)).hour == 9
        tick += timedelta(hours=1)
    assert len(seen) == 27, "the first day, and each fortnight after it"
    assert len(set(seen)) == len(seen)


@settings(database=None, deadline=None, max_examples=60)
@given(st.integers(1, 4 * 365 * 24 * 60), st.sampled_from([NEW_YORK, CHICAGO]))
def test_the_next_due_moment_is_ahead_and_opens_a_check_in(minutes, zone):
    now = datetime(2026, 11, 22, tzinfo=UTC) + timedelta(minutes=minutes)
    coming = next_due_at(OCD, STARTED, zone, now)
    assert now < coming <= now + timedelta(days=15)
    assert due_checkins(OCD, STARTED, zone, (), coming)[0].due_at == coming


def test_a_time_that_does_not_exist_moves_forward_and_one_that_comes_twice_means_the_first():
    assert moment(date(2027, 3, 14), time(2, 30), NEW_YORK) == at(NEW_YORK, 2027, 3, 14, 3, 30)
    assert moment(date(2026, 11, 1), time(1, 30), NEW_YORK) == datetime(2026, 11, 1, 5, 30, tzinfo=UTC)
