"""From weekly open hours to times a patient may book, in daylight saving time and out of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

SLOT = timedelta(minutes=30)
EARLIEST = timedelta(hours=2)  # a clinician needs to see it coming
DAYS_AHEAD = 14

PartOfDay = Literal["morning", "afternoon", "evening"]


@dataclass(frozen=True, slots=True)
class Stretch:
    """A weekly stretch of open time on the practitioner's own wall clock. Monday is 0."""

    weekday: int
    starts: time
    ends: time


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


def times_of_day(day: date, stretches: Iterable[Stretch], zone: str) -> Iterator[Span]:
    """Every 30-minute time of `day`. The steps are real minutes: a day of 23 or 25 hours has fewer or more of them."""
    for stretch in stretches:
        if stretch.weekday != day.weekday():
            continue
        start, end = at_wall_time(day, stretch.starts, zone), at_wall_time(day, stretch.ends, zone)
        while start + SLOT <= end:
            yield Span(start, start + SLOT)
            start += SLOT


def open_times(
    stretches: Iterable[Stretch],
    zone: str,
    *,
    taken: Iterable[Span],
    license_expires_on: date,
    left_on: date | None,
    now: datetime,
) -> list[Span]:
    """What may be booked with one practitioner, soonest first: from 2 hours ahead, for 14 days, while licensed."""
    stretches, taken = list(stretches), list(taken)
    today = now.astimezone(ZoneInfo(zone)).date()
    found: set[Span] = set()
    for ahead in range(DAYS_AHEAD + 1):
        day = today + timedelta(days=ahead)
        if not licensed_on(license_expires_on, day) or (left_on is not None and left_on <= day):
            continue
        for span in times_of_day(day, stretches, zone):
            soon_enough = now + EARLIEST <= span.starts_at < now + timedelta(days=DAYS_AHEAD)
            if soon_enough and not any(span.touches(other) for other in taken):
                found.add(span)
    return sorted(found, key=lambda span: span.starts_at)


def licensed_on(expires_on: date, day: date) -> bool:
    """A licence carries the days before the one it expires on: on that day it already blocks."""
    return day < expires_on


def part_of_day(when: datetime, zone: str) -> PartOfDay:
    """Morning until noon, evening from five, as the patient's clock shows it."""
    hour = when.astimezone(ZoneInfo(zone)).hour
    return "morning" if hour < 12 else "afternoon" if hour < 17 else "evening"
