"""Enrollment, inside the caller's transaction: how one begins, and the only ways it moves."""

from __future__ import annotations

from service.enrollment.writes.following import all_signed, follow
from service.enrollment.writes.places import relocate, transfer
from service.enrollment.writes.steps import (
    begin,
    give_visit_back,
    leave_after_visit,
    locked,
    move,
    standing_owner,
    withdraw_all,
)

__all__ = [
    "all_signed",
    "begin",
    "follow",
    "give_visit_back",
    "leave_after_visit",
    "locked",
    "move",
    "relocate",
    "standing_owner",
    "transfer",
    "withdraw_all",
]
