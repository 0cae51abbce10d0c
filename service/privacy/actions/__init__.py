"""Asking for a copy, making it, closing an account, removing what is no longer kept."""

from __future__ import annotations

from service.privacy.actions.close import close_account
from service.privacy.actions.copies import File, ask_copy, expire_copies, make_copy, open_copy, sweep_copies
from service.privacy.actions.desk import Desk, open_desk
from service.privacy.actions.holds import MAY_PLACE, PatientHolds, lift_hold, open_holds, open_patient, place_hold
from service.privacy.actions.retain import customers_due, due, remove_records, retain, retain_daily

__all__ = [
    "MAY_PLACE",
    "Desk",
    "File",
    "PatientHolds",
    "ask_copy",
    "close_account",
    "customers_due",
    "due",
    "expire_copies",
    "lift_hold",
    "make_copy",
    "open_copy",
    "open_desk",
    "open_holds",
    "open_patient",
    "place_hold",
    "remove_records",
    "retain",
    "retain_daily",
    "sweep_copies",
]
