"""Open times on days unlike the others, in every season, by the strictest calendar."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from service.visits.rules.times import (
    OtherDay,
    Span,
    Stretch,
    Timetable,
    closed_span,
    covers,
    days_within,
    licensed_through,
    open_times,
    strictest_day,
    times_of_day,
    window,
)

NEW_YORK, CHICAGO = "America/New_York", "America/Chicago"
MONDAY = date(2026, 11, 23)
SPRING, AUTUMN = date(2027, 3, 14), date(2026, 11, 1)
HOURS = [Stretch(0, time(9), time(11))]
FAR = date(2030, 1, 1)


def clocks(day: date, hours: list[Stretch], *others: OtherDay, zone: str = NEW_YORK) -> list[str]:
    spans = times_of_day(day, hours, zone, others)
    return [span.starts_at.astimezone(ZoneInfo(zone)).strftime("%H:%M") for span in spans]


def test_a_closed_day_has_no_times_and_its_neighbour_has() -> None:
    closed = OtherDay(MONDAY, False, None, None)
    assert clocks(MONDAY, HOURS, closed) == []
    assert len(clocks(MONDAY + timedelta(days=7), HOURS, closed)) == 4


def test_a_closed_part_takes_every_time_that_it_touches() -> None:
    assert clocks(MONDAY, HOURS, OtherDay(MONDAY, False, time(9, 45), time(10, 15))) == ["09:00", "10:30"]


def test_extra_hours_join_those_of_the_week() -> None:
    extra = OtherDay(MONDAY, True, time(10, 30), time(12))
    assert clocks(MONDAY, HOURS, extra) == ["09:00", "09:30", "10:00", "10:30", "11:00", "11:30"]
    saturday = MONDAY + timedelta(days=5)
    assert clocks(saturday, HOURS, OtherDay(saturday, True, time(10), time(11))) == ["10:00", "10:30"]


def test_what_is_closed_stays_closed_whatever_else_was_opened() -> None:
    extra = OtherDay(MONDAY, True, time(13), time(15))
    assert clocks(MONDAY, HOURS, extra, OtherDay(MONDAY, False, None, None)) == []
    assert clocks(MONDAY, HOURS, extra, OtherDay(MONDAY, False, time(13), time(14))) == [
        "09:00", "09:30", "10:00", "10:30", "14:00", "14:30",
    ]  # fmt: skip


def test_overlapping_hours_offer_each_time_once() -> None:
    twice = [Stretch(0, time(9), time(10, 30)), Stretch(0, time(9, 45), time(11))]
    assert clocks(MONDAY, twice) == ["09:00", "09:30", "10:00", "10:30"]


@pytest.mark.parametrize(
    ("day", "part", "left"),
    [
        (SPRING, (time(2), time(3)), ["01:00", "01:30", "03:00", "03:30"]),  # an hour that does not exist takes nothing
        (AUTUMN, (time(1), time(2)), ["02:00", "02:30", "03:00", "03:30"]),  # one that comes twice is closed twice
        (AUTUMN, (time(1), time(1, 30)), ["01:30", "02:00", "02:30", "03:00", "03:30"]),
    ],
)
def test_a_part_closed_in_the_night_of_the_change_is_closed_by_the_clock(
    day: date, part: tuple[time, time], left: list[str]
) -> None:
    hours = [Stretch(6, time(1), time(4))]
    assert clocks(day, hours, OtherDay(day, False, *part)) == left


def test_a_day_closed_in_full_lasts_its_own_23_or_25_hours() -> None:
    for day, hours in ((SPRING, 23), (AUTUMN, 25), (MONDAY, 24)):
        span = closed_span(day, None, None, NEW_YORK)
        assert span.ends_at - span.starts_at == timedelta(hours=hours)


def test_a_colleague_whose_times_begin_at_other_minutes_covers_a_visit_all_the_same() -> None:
    quarter = list(times_of_day(MONDAY, [Stretch(0, time(9, 15), time(10, 45))], NEW_YORK))
    half_past = Span(quarter[0].starts_at + timedelta(minutes=15), quarter[0].starts_at + timedelta(minutes=45))
    assert covers(quarter, half_past)
    assert not covers([quarter[0], quarter[2]], half_past)


def test_with_another_zone_the_hours_are_the_other_walls() -> None:
    east = next(iter(times_of_day(MONDAY, HOURS, NEW_YORK)))
    central = next(iter(times_of_day(MONDAY, HOURS, CHICAGO)))
    assert central.starts_at - east.starts_at == timedelta(hours=1)


NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)


def test_a_day_of_the_patients_calendar_is_asked_for_alone() -> None:
    within = window(NOW, CHICAGO, (MONDAY + timedelta(days=1),) * 2)
    assert within == Span(datetime(2026, 11, 24, 6, tzinfo=UTC), datetime(2026, 11, 25, 6, tzinfo=UTC))
    assert list(days_within(within, NEW_YORK)) == [date(2026, 11, 24), date(2026, 11, 25)]


@pytest.mark.parametrize(
    "days",
    [
        (date(2026, 11, 1), date(2026, 11, 2)),
        (date(2027, 6, 1), date(2027, 6, 1)),
        (date(2026, 11, 25), date(2026, 11, 24)),
        (date.min, date.max),
        (date.max, date.max),
    ],
)
def test_a_day_far_from_now_or_backwards_has_no_times(days: tuple[date, date]) -> None:
    within = window(NOW, NEW_YORK, days)
    timetable = Timetable(NEW_YORK, [Stretch(n, time(9), time(11)) for n in range(7)], [], FAR, None)
    assert list(timetable.free(within, [])) == []


def test_a_license_counts_through_the_visit_on_both_calendars() -> None:
    eve = Span(datetime(2026, 11, 25, 4, 30, tzinfo=UTC), datetime(2026, 11, 25, 5, 0, tzinfo=UTC))  # to midnight
    night = Span(eve.ends_at, eve.ends_at + timedelta(minutes=30))
    expires = date(2026, 11, 25)
    assert licensed_through(expires, eve, (NEW_YORK,))
    assert not licensed_through(expires, night, (NEW_YORK,))
    assert licensed_through(expires, night, (CHICAGO,))
    assert not licensed_through(expires, night, (CHICAGO, NEW_YORK))
    assert strictest_day(night.starts_at, CHICAGO, NEW_YORK) == expires


def test_a_clinician_in_chicago_is_not_offered_to_new_york_once_the_license_is_over_there() -> None:
    late = [Stretch(n, time(22), time(23, 59)) for n in range(7)]
    facts = {"taken": [], "license_expires_on": date(2026, 11, 24), "left_on": None, "now": NOW}
    alone = open_times(late, CHICAGO, **facts)  # type: ignore[arg-type]
    both = open_times(late, CHICAGO, **facts, clocks=(NEW_YORK,))  # type: ignore[arg-type]
    assert len(alone) == 3
    assert len(both) == 2


def test_a_license_that_lapsed_an_hour_ago_is_over() -> None:
    """Midnight in New York has passed; in Chicago, where the clinician sits, it has not."""
    now = datetime(2026, 11, 24, 5, 30, tzinfo=UTC)
    span = Span(now, now + timedelta(minutes=30))
    assert licensed_through(date(2026, 11, 24), span, (CHICAGO,))
    assert not licensed_through(date(2026, 11, 24), span, (CHICAGO, NEW_YORK))
