"""From weekly open hours and days unlike others to times a patient may book, in daylight saving time and out of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Literal
from zoneinfo import ZoneInfo

SLOT = timedelta(minutes=30)
EARLIEST = timedelta(hours=2)  # a clinician needs to see it coming
DAYS_AHEAD = 14
DAY = timedelta(days=1)

PartOfDay = Literal["morning", "afternoon", "evening"]


@dataclass(frozen=True, slots=True)
class Stretch:
    """A weekly stretch of open time on the practitioner's own wall clock. Monday is 0."""

    weekday: int
    starts: time
    ends: time


@dataclass(frozen=True, slots=True)
class OtherDay:
    """A day unlike its weekday, on the practitioner's own calendar: open for longer, or closed, all day without times.

    What is closed stays closed, whatever else was opened on that day.
    """

    day: date
    opens: bool
    starts: time | None
    ends: time | None


@dataclass(frozen=True, slots=True)
class Span:
    """From one moment up to, not including, another."""

    starts_at: datetime
    ends_at: datetime

    def touches(self, other: Span) -> bool:
        """True where the two share any time; one that begins as the other ends shares none."""
        return self.starts_at < other.ends_at and other.starts_at < self.ends_at


def at_wall_time(day: date, clock: time, zone: str) -> datetime:
    """The moment a wall clock in `zone` shows `clock` on `day`, in UTC.

    A time skipped in spring moves forward by the hour that was skipped; one that comes twice in autumn is the first.
    """
    return datetime.combine(day, clock, tzinfo=ZoneInfo(zone)).astimezone(UTC)


def local_day(moment: datetime, zone: str) -> date:
    """The day a calendar in `zone` shows at `moment`."""
    return moment.astimezone(ZoneInfo(zone)).date()


def times_of_day(day: date, stretches: Iterable[Stretch], zone: str, others: Iterable[OtherDay] = ()) -> Iterator[Span]:
    """Every 30-minute time of `day`. The steps are real minutes: a day of 23 or 25 hours has fewer or more of them."""
    opened = [(one.starts, one.ends) for one in stretches if one.weekday == day.weekday()]
    closed: list[tuple[time | None, time | None]] = []
    for other in others:
        if other.day == day and not other.opens:
            closed.append((other.starts, other.ends))
        elif other.day == day and other.starts is not None and other.ends is not None:
            opened.append((other.starts, other.ends))
    yield from _grid(day, tuple(sorted(opened)), tuple(closed), zone)


# Many clinicians keep the same hours: each day of theirs is reckoned once.
@lru_cache(maxsize=8192)
def _grid(
    day: date, opened: tuple[tuple[time, time], ...], closed: tuple[tuple[time | None, time | None], ...], zone: str
) -> tuple[Span, ...]:
    if not opened or any(starts is None for starts, _ in closed):
        return ()
    shut = [closed_span(day, starts, ends, zone) for starts, ends in closed]
    found: list[Span] = []
    for open_span in _joined(
        Span(at_wall_time(day, one, zone), at_wall_time(day, other, zone)) for one, other in opened
    ):
        start = open_span.starts_at
        while start + SLOT <= open_span.ends_at:
            found.append(Span(start, start + SLOT))
            start += SLOT
    return tuple(span for span in found if not any(span.touches(other) for other in shut))


def closed_span(day: date, starts: time | None, ends: time | None, zone: str) -> Span:
    """The moments that a closed part of `day`, or all of it, takes."""
    if starts is None or ends is None:
        return Span(at_wall_time(day, time(), zone), at_wall_time(day + DAY, time(), zone))
    # An end that comes twice in autumn is the second one: who is away until 1:30 is not back at the first.
    later = datetime.combine(day, ends, tzinfo=ZoneInfo(zone)).replace(fold=1).astimezone(UTC)
    return Span(at_wall_time(day, starts, zone), max(later, at_wall_time(day, ends, zone)))


def _joined(spans: Iterable[Span]) -> list[Span]:
    """Spans that overlap or meet, as one."""
    out: list[Span] = []
    for span in sorted(spans, key=lambda one: one.starts_at):
        if out and span.starts_at <= out[-1].ends_at:
            out[-1] = Span(out[-1].starts_at, max(out[-1].ends_at, span.ends_at))
        else:
            out.append(span)
    return out


def covers(spans: Iterable[Span], whole: Span) -> bool:
    """Is every moment of `whole` in one of these?"""
    return any(one.starts_at <= whole.starts_at and whole.ends_at <= one.ends_at for one in _joined(spans))


def window(now: datetime, zone: str | None = None, days: tuple[date, date] | None = None) -> Span:
    """From when to when a time may begin: from 2 hours ahead, for 14 days, and within `days` of a calendar in `zone`.

    `days` are the first and the last, both included. An empty window ends where it starts, or before.
    """
    first, last = now + EARLIEST, now + timedelta(days=DAYS_AHEAD)
    if days is not None:
        clock = zone or "UTC"
        if not (date(1000, 1, 1) < days[0] <= days[1] < date(9000, 1, 1)):
            return Span(first, first)
        first = max(first, at_wall_time(days[0], time(), clock))
        last = min(last, at_wall_time(days[1] + DAY, time(), clock))
    return Span(first, last)


def days_within(within: Span, zone: str) -> Iterator[date]:
    """Every day of a calendar in `zone` that has a moment of `within`."""
    day, last = local_day(within.starts_at, zone), local_day(within.ends_at, zone)
    while day <= last:
        yield day
        day += DAY


@dataclass(frozen=True, slots=True)
class Timetable:
    """When one practitioner may be booked at all, apart from what is taken. `clocks`: zones of patients to heed too."""

    zone: str
    stretches: Sequence[Stretch]
    others: Sequence[OtherDay]
    license_expires_on: date
    left_on: date | None
    clocks: tuple[str, ...] = ()

    def free(self, within: Span, taken: Sequence[Span]) -> Iterator[Span]:
        """What may be booked and begins within that span, soonest first."""
        surely = licensed_on(self.license_expires_on, within.ends_at.date() + 2 * DAY)
        for day in days_within(within, self.zone):
            if not licensed_on(self.license_expires_on, day) or (self.left_on is not None and self.left_on <= day):
                return
            for span in times_of_day(day, self.stretches, self.zone, self.others):
                if within.starts_at <= span.starts_at < within.ends_at and not (
                    taken and any(map(span.touches, taken))
                ):
                    if not surely and not licensed_through(self.license_expires_on, span, (self.zone, *self.clocks)):
                        return
                    yield span


def open_times(
    stretches: Iterable[Stretch],
    zone: str,
    *,
    taken: Iterable[Span],
    license_expires_on: date,
    left_on: date | None,
    now: datetime,
    others: Iterable[OtherDay] = (),
    clocks: tuple[str, ...] = (),
) -> list[Span]:
    """What may be booked with one practitioner, soonest first: from 2 hours ahead, for 14 days, while licensed."""
    timetable = Timetable(zone, list(stretches), list(others), license_expires_on, left_on, clocks)
    return list(timetable.free(window(now), list(taken)))


def licensed_on(expires_on: date, day: date) -> bool:
    """A licence carries the days before the one it expires on: on that day it already blocks."""
    return day < expires_on


def licensed_through(expires_on: date, span: Span, zones: Iterable[str]) -> bool:
    """Does it carry to the end of a visit, by every calendar concerned? The strictest of them counts."""
    last = span.ends_at - timedelta(microseconds=1)
    if licensed_on(expires_on, last.date() + DAY):
        return True  # no calendar is further ahead than the day after the UTC one
    return all(licensed_on(expires_on, local_day(last, zone)) for zone in zones)


def strictest_day(moment: datetime, *zones: str) -> date:
    """The latest day that any of these calendars shows: what runs out on it has run out for one of them."""
    return max(local_day(moment, zone) for zone in zones)


def part_of_day(when: datetime, zone: str) -> PartOfDay:
    """Morning until noon, evening from five, as the patient's clock shows it."""
    hour = when.astimezone(ZoneInfo(zone)).hour
    return "morning" if hour < 12 else "afternoon" if hour < 17 else "evening"
