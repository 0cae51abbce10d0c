"""Licences and weekly hours as people type them. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, time
from itertools import pairwise

from service.visits.rules.licenses import KINDS, checked_number
from service.visits.rules.times import Stretch

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MOST_STRETCHES = 6  # of one day


@dataclass(frozen=True, slots=True)
class TypedLicense:
    """A state licence or registration: "FL:ME0123456:2028-01-31", "NJ:cds:D01234500:2027-10-31"."""

    state: str
    number: str
    expires_on: date
    kind: str = "physician"


@dataclass(frozen=True, slots=True)
class TypedHours:
    """A stretch of one weekday (Monday is 0), on the clinician's own clock."""

    weekday: int
    starts: time
    ends: time


def read_license(text: str) -> TypedLicense:
    """Read "STATE:NUMBER:EXPIRES" or "STATE:KIND:NUMBER:EXPIRES". Raises ValueError with an example, Rejected."""
    kinds = "|".join(KINDS)
    pattern = rf"([A-Z]{{2}}):(?:({kinds}):)?([A-Za-z0-9-]{{3,30}}):(\d{{4}}-\d{{2}}-\d{{2}})"
    found = re.fullmatch(pattern, text.strip())
    if found is None:
        raise ValueError(f"{text}: write a license like FL:ME0123456:2028-01-31 or FL:dea:BL1234563:2028-01-31")
    kind = found[2] or "physician"
    return TypedLicense(found[1], checked_number(kind, found[3]), date.fromisoformat(found[4]), kind)


def read_hours(text: str) -> tuple[TypedHours, ...]:
    """Read "mon-fri:09:00-17:00" or "sat:10:00-12:00". Raises ValueError with an example."""
    day = "|".join(DAYS)
    found = re.fullmatch(rf"({day})(?:-({day}))?:(\d\d:\d\d)-(\d\d:\d\d)", text.strip().lower())
    if found is None:
        raise ValueError(f"{text}: write hours like mon-fri:09:00-17:00")
    first, last = DAYS.index(found[1]), DAYS.index(found[2] or found[1])
    starts, ends = time.fromisoformat(found[3]), time.fromisoformat(found[4])
    if first > last or starts >= ends:
        raise ValueError(f"{text}: days and times go forwards, like mon-fri:09:00-17:00")
    return tuple(TypedHours(weekday, starts, ends) for weekday in range(first, last + 1))


def read_clock(text: str) -> time | None:
    """Read "9", "9:30", "5 pm", "17:00" or "5:30 p.m."; None for anything else."""
    plain = text.strip().lower().replace(".", "").replace(" ", "")
    found = re.fullmatch(r"(\d{1,2})(?::([0-5]\d))?(am|pm|a|p)?", plain, re.ASCII)
    if found is None:
        return None
    hour, minute, half = int(found[1]), int(found[2] or 0), found[3]
    if half and not 1 <= hour <= 12:
        return None
    if half:
        hour = hour % 12 + (12 if half.startswith("p") else 0)
    return time(hour, minute) if hour < 24 else None


def read_day(weekday: int, text: str) -> tuple[Stretch, ...]:
    """Read the hours of one weekday: "9:00-12:00, 1 pm - 5 pm"; empty for none.

    Raises ValueError for what is no time, goes backwards ("9-5" does: nobody knows whether 5 is the morning's) or
    overlaps.
    """
    found: list[Stretch] = []
    for part in re.split(r"[,;]| and ", text.strip()) if text.strip() else []:
        ends_of = re.split(r"-|\u2013|\bto\b", part)
        clocks = [read_clock(one) for one in ends_of]
        if len(clocks) != 2 or clocks[0] is None or clocks[1] is None or clocks[0] >= clocks[1]:
            raise ValueError(part)
        found.append(Stretch(weekday, clocks[0], clocks[1]))
    found.sort(key=lambda one: one.starts)
    if len(found) > MOST_STRETCHES or any(later.starts < earlier.ends for earlier, later in pairwise(found)):
        raise ValueError(text)
    return tuple(found)


def write_day(stretches: tuple[Stretch, ...]) -> str:
    """The same in the words that `read_day` reads: "9:00 AM to 12:00 PM, 1:00 PM to 5:00 PM"."""
    return ", ".join(f"{_clock(one.starts)} to {_clock(one.ends)}" for one in stretches)


def _clock(moment: time) -> str:
    return f"{moment.hour % 12 or 12}:{moment.minute:02} {'AM' if moment.hour < 12 else 'PM'}"
