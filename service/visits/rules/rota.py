"""Licences and weekly hours as an operator types them. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, time

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@dataclass(frozen=True, slots=True)
class TypedLicense:
    """A state licence: "FL:ME0123456:2028-01-31"."""

    state: str
    number: str
    expires_on: date


@dataclass(frozen=True, slots=True)
class TypedHours:
    """A stretch of one weekday (Monday is 0), on the clinician's own clock."""

    weekday: int
    starts: time
    ends: time


def read_license(text: str) -> TypedLicense:
    """Read "STATE:NUMBER:EXPIRES". Raises ValueError with an example."""
    found = re.fullmatch(r"([A-Z]{2}):([A-Za-z0-9-]{3,30}):(\d{4}-\d{2}-\d{2})", text.strip())
    if found is None:
        raise ValueError(f"{text}: write a license like FL:ME0123456:2028-01-31")
    return TypedLicense(found[1], found[2], date.fromisoformat(found[3]))


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
