"""Practitioners, bookings and encounters, inside the caller's transaction."""

from __future__ import annotations

from service.visits.writes.bookings import book, cancel, finish, miss, take_turns, time_taken
from service.visits.writes.encounters import sign_encounter
from service.visits.writes.people import add_license, add_open_hours, add_practitioner

__all__ = [
    "add_license",
    "add_open_hours",
    "add_practitioner",
    "book",
    "cancel",
    "finish",
    "miss",
    "sign_encounter",
    "take_turns",
    "time_taken",
]
