"""Accounts, inside the caller's transaction."""

from __future__ import annotations

from service.accounts.writes.care import join_care_team
from service.accounts.writes.letters import send_confirmation, tell_already_registered, tell_security_changed
from service.accounts.writes.people import create_patient, create_patient_user, create_user

__all__ = [
    "create_patient",
    "create_patient_user",
    "create_user",
    "join_care_team",
    "send_confirmation",
    "tell_already_registered",
    "tell_security_changed",
]
