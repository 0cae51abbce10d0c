"""Accounts, inside the caller's transaction."""

from __future__ import annotations

from service.accounts.writes.care import (
    break_glass,
    end_care_team,
    join_care_team,
    leave_care_team,
    leave_every_care_team,
)
from service.accounts.writes.letters import send_confirmation, tell_already_registered, tell_security_changed
from service.accounts.writes.people import create_patient, create_patient_user, create_user

__all__ = [
    "break_glass",
    "create_patient",
    "create_patient_user",
    "create_user",
    "end_care_team",
    "join_care_team",
    "leave_care_team",
    "leave_every_care_team",
    "send_confirmation",
    "tell_already_registered",
    "tell_security_changed",
]
