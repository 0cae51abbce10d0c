"""Accounts, inside the caller's transaction."""

from __future__ import annotations

from service.accounts.writes.care import (
    break_glass,
    end_care_team,
    join_care_team,
    keep_review,
    leave_care_team,
    leave_every_care_team,
    lock_look,
    take_turns,
)
from service.accounts.writes.letters import (
    ask_for_confirmation,
    send_confirmation,
    tell_owner,
    tell_security_changed,
)
from service.accounts.writes.people import create_patient, create_patient_user, create_user

__all__ = [
    "ask_for_confirmation",
    "break_glass",
    "create_patient",
    "create_patient_user",
    "create_user",
    "end_care_team",
    "join_care_team",
    "keep_review",
    "leave_care_team",
    "leave_every_care_team",
    "lock_look",
    "send_confirmation",
    "take_turns",
    "tell_owner",
    "tell_security_changed",
]
