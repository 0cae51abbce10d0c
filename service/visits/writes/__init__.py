"""Practitioners, bookings and encounters, inside the caller's transaction."""

from __future__ import annotations

from service.visits.writes.bookings import (
    by_phone,
    cancel,
    confirm,
    finish,
    hold,
    let_go_expired,
    miss,
    remind_at,
    take_turns,
    time_taken,
)
from service.visits.writes.encounters import add_addendum, already_recorded, sign_encounter
from service.visits.writes.people import (
    add_license,
    add_open_hours,
    add_other_day,
    add_practitioner,
    license_locked,
    practitioner_locked,
    remove_other_day,
    set_week,
)
from service.visits.writes.room import attest

__all__ = [
    "add_addendum",
    "add_license",
    "add_open_hours",
    "add_other_day",
    "add_practitioner",
    "already_recorded",
    "attest",
    "by_phone",
    "cancel",
    "confirm",
    "finish",
    "hold",
    "let_go_expired",
    "license_locked",
    "miss",
    "practitioner_locked",
    "remind_at",
    "remove_other_day",
    "set_week",
    "sign_encounter",
    "take_turns",
    "time_taken",
]
