"""Has the patient come? What staff see beside a booked visit. Pure."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from service.catalog.rules.visits import VisitRules
from service.visits.rules.day import is_late

Arrival = Literal["phone", "here", "elsewhere", "late", "ahead"]


def arrival(
    *,
    attested_state: str | None,
    visit_state: str,
    by_phone: bool,
    starts_at: datetime,
    now: datetime,
    rules: VisitRules,
) -> Arrival:
    """ "phone": waits for a call. "here": said where they are, may be in the room. "elsewhere": out of the state."""
    if attested_state is not None and attested_state != visit_state:
        return "elsewhere"
    if by_phone:
        return "phone"
    if attested_state is not None:
        return "here"
    return "late" if is_late(starts_at, now, rules) else "ahead"
