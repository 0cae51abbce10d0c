"""Open times in every season."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from service.visits.rules.times import (
    Span,
    Stretch,
    at_wall_time,
    licensed_on,
    open_times,
    part_of_day,
    times_of_day,
)

NEW_YORK = "America/New_York"
SPRING, AUTUMN = date(2027, 3, 14), date(2026, 11, 1)  # Sundays on which the clocks change
EARLY = [Stretch(6, time(1), time(4))]


def _open(now: datetime, **changes: object) -> list[Span]:
    facts = {
        "taken": [],
        "license_expires_on": date(2030, 1, 1),
        "left_on": None,
        **changes,
    }
    stretches = [Stretch(weekday, time(9), time(11)) for weekday in range(7)]
    return open_times(stretches, NEW_YORK, now=now, **facts)  # type: ignore[arg-type]


def test_an_ordinary_morning_of_two_hours_has_four_times() -> None:
    day = date(2026, 11, 23)
    starts = [span.starts_at for span in times_of_day(day, [Stretch(0, time(9), time(11))], NEW_YORK)]
    assert starts == [datetime(2026, 11, 23, 14, 0, tzinfo=UTC) + timedelta(minutes=30 * n) for n in range(4)]


def test_the_night_that_loses_an_hour_has_two_times_less() -> None:
    spans = list(times_of_day(SPRING, EARLY, NEW_YORK))
    local = [span.starts_at.astimezone(ZoneInfo(NEW_YORK)).strftime("%H:%M %Z") for span in spans]
    assert local == ["01:00 EST", "01:30 EST", "03:00 EDT", "03:30 EDT"]


def test_the_night_that_gains_an_hour_has_two_times_more() -> None:
    spans = list(times_of_day(AUTUMN, EARLY, NEW_YORK))
    local = [span.starts_at.astimezone(ZoneInfo(NEW_YORK)).strftime("%H:%M %Z") for span in spans]
    assert local == [
        "01:00 EDT", "01:30 EDT", "01:00 EST", "01:30 EST", "02:00 EST", "02:30 EST", "03:00 EST", "03:30 EST",
    ]  # fmt: skip
    assert len({span.starts_at for span in spans}) == 8


def test_a_wall_time_that_does_not_exist_moves_forward() -> None:
    there = at_wall_time(SPRING, time(2, 30), NEW_YORK).astimezone(ZoneInfo(NEW_YORK))
    assert there.strftime("%H:%M %Z") == "03:30 EDT"


def test_nine_o_clock_stays_nine_o_clock_across_the_change() -> None:
    times = _open(datetime(2026, 10, 30, 12, 0, tzinfo=UTC))
    wall = {span.starts_at.astimezone(ZoneInfo(NEW_YORK)).strftime("%H:%M") for span in times}
    assert wall == {"09:00", "09:30", "10:00", "10:30"}


def test_the_first_time_is_two_hours_ahead_and_the_last_within_fourteen_days() -> None:
    now = datetime(2026, 11, 23, 12, 15, tzinfo=UTC)  # 7:15 in New York
    times = _open(now)
    assert times[0].starts_at == datetime(2026, 11, 23, 14, 30, tzinfo=UTC)
    assert times[-1].starts_at < now + timedelta(days=14)


def test_a_taken_time_is_not_offered_and_its_neighbours_are() -> None:
    now = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
    first, second, third = _open(now)[:3]
    assert [span.starts_at for span in _open(now, taken=[second])[:2]] == [first.starts_at, third.starts_at]


def test_no_time_is_offered_on_the_day_a_license_expires_or_after() -> None:
    times = _open(datetime(2026, 11, 23, 10, 0, tzinfo=UTC), license_expires_on=date(2026, 11, 25))
    assert {span.starts_at.date() for span in times} == {date(2026, 11, 23), date(2026, 11, 24)}
    assert licensed_on(date(2026, 11, 25), date(2026, 11, 24))
    assert not licensed_on(date(2026, 11, 25), date(2026, 11, 25))


def test_somebody_who_left_is_not_offered() -> None:
    assert _open(datetime(2026, 11, 23, 10, 0, tzinfo=UTC), left_on=date(2026, 11, 23)) == []


def test_the_part_of_the_day_is_the_patients_own() -> None:
    moment = datetime(2026, 11, 23, 17, 30, tzinfo=UTC)
    assert part_of_day(moment, NEW_YORK) == "afternoon"
    assert part_of_day(moment, "America/Chicago") == "morning"
