"""The hold, the cut-offs and the day of a visit. Pure: `rules` are config/visits.toml."""

from __future__ import annotations

from datetime import datetime
from typing import Final, Literal

from service.catalog.rules.visits import VisitRules

# What somebody may ask for at a visit, beside their own words.
NEEDS: Final = ("captions", "interpreter", "more_time", "support_person")
ELSEWHERE: Final = "elsewhere"  # outside of the United States

RoomIs = Literal["early", "open", "over"]


def held_until(now: datetime, rules: VisitRules) -> datetime:
    """How long a time chosen at `now` is kept."""
    return now + rules.hold_for


def may_change(starts_at: datetime, now: datetime, rules: VisitRules) -> bool:
    """May another time still be chosen in its place?"""
    return now < starts_at - rules.change_until


def may_cancel(starts_at: datetime, now: datetime, rules: VisitRules) -> bool:
    """May it still be cancelled?"""
    return now < starts_at - rules.cancel_until


def room_is(starts_at: datetime, ends_at: datetime, now: datetime, rules: VisitRules) -> RoomIs:
    """Is the room of the visit open at `now`?"""
    if now < starts_at - rules.opens_before:
        return "early"
    return "open" if now < ends_at + rules.stays_after else "over"


def is_late(starts_at: datetime, now: datetime, rules: VisitRules) -> bool:
    """Should somebody who is not in the room by `now` be called?"""
    return now >= starts_at + rules.late_after


def room_url(template: str | None, room: str | None) -> str | None:
    """Where the practice's video vendor opens `room`; None where there is no vendor, or no room."""
    return template.replace("{room}", room) if template and room else None
