"""Scores over time, in numbers that a sentence and a drawing can be made of."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal
from zoneinfo import ZoneInfo

from service.catalog.rules.instruments import Instrument
from service.checkins.queries.pages import CheckInDetails


@dataclass(frozen=True, slots=True)
class Point:
    """One score on the patient's own calendar day."""

    on: date
    total: Decimal
    band: str


@dataclass(frozen=True, slots=True)
class Trend:
    """From the first score to the last. `amount` and `unit` say how long that took; fewer is better in all measures."""

    first: Decimal
    last: Decimal
    direction: Literal["down", "up", "same"]
    amount: int
    unit: Literal["days", "weeks"]


def points(checkins: Iterable[CheckInDetails], instrument: str, zone: str) -> tuple[Point, ...]:
    """The submitted scores of one instrument, the oldest first."""
    place = ZoneInfo(zone)
    found = [
        Point(item.submitted_at.astimezone(place).date(), item.score.total, item.score.band)
        for item in checkins
        if item.instrument == instrument and item.score is not None and item.submitted_at is not None
    ]
    return tuple(sorted(found, key=lambda point: point.on))


def trend(series: tuple[Point, ...]) -> Trend | None:
    """How the scores went; None with fewer than two."""
    if len(series) < 2:
        return None
    first, last = series[0], series[-1]
    days = (last.on - first.on).days
    direction: Literal["down", "up", "same"] = (
        "same" if last.total == first.total else "down" if last.total < first.total else "up"
    )
    weeks = days >= 14
    return Trend(first.total, last.total, direction, round(days / 7) if weeks else days, "weeks" if weeks else "days")


def highest_total(instrument: Instrument) -> Decimal:
    """The most an instrument's total can be."""
    tops = [max(option.value for option in item.options) for item in instrument.scored_items]
    return Decimal(sum(tops)) if instrument.scoring == "sum" else Decimal(max(tops))


def minutes(instrument: Instrument) -> int:
    """About how long the questions take, at some ten seconds each."""
    return max(1, round(len(instrument.items) * 10 / 60))
