"""What a patient's home page says first, and how it greets. Pure."""

from __future__ import annotations

from datetime import datetime
from typing import Literal
from zoneinfo import ZoneInfo

Moving = Literal["", "transfer", "stop"]
PartOfDay = Literal["morning", "afternoon", "evening"]
Stage = Literal[
    "nothing",  # an account, no enrollment
    "assessed",
    "booked",
    "met",  # the booked visit is over, nothing recorded yet
    "more_info",
    "decided",
    "declined",
    "approved",
    "consented",
    "active",
    "ended",
]
STEPS = ("assessment", "visit", "decision", "consents", "plan")
_DONE = {
    "nothing": 0,
    "assessed": 1,
    "booked": 1,
    "more_info": 1,
    "met": 2,
    "decided": 2,
    "approved": 3,
    "consented": 4,
    "active": 5,
}


def part_of_day(now: datetime, zone: str) -> PartOfDay:
    """Morning from 4, afternoon from 12, evening from 17 o'clock, on the patient's own clock."""
    hour = now.astimezone(ZoneInfo(zone)).hour
    if 4 <= hour < 12:
        return "morning"
    return "afternoon" if 12 <= hour < 17 else "evening"


def stage(status: str | None, visit_ends_at: datetime | None, now: datetime) -> Stage:
    """Where somebody stands, from the enrollment's status and the visit ahead."""
    if status is None:
        return "nothing"
    if status == "booked" and visit_ends_at is not None and visit_ends_at <= now:
        return "met"
    return status  # type: ignore[return-value]


def moving(stage: Stage, moving_to: str | None, away: bool) -> Moving:
    """Whether somebody lives in another state than their enrollment is for, and may go on there ("transfer")."""
    if not away or stage in ("nothing", "declined", "ended"):
        return ""
    return "transfer" if moving_to else "stop"


def steps_done(stage: Stage) -> int:
    """How many of STEPS lie behind somebody in `stage`."""
    return _DONE.get(stage, 0)
