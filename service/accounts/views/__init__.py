"""Pages of an account: the door, the second step, lost passwords, and settings. Each module hangs its routes here."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("accounts", __name__)

# Below the blueprint, because each of them asks for it.
from service.accounts.views import (  # noqa: E402
    contact,
    credentials,
    demographics,
    devices,
    door,
    factors,
    invitation,
    kept,
    passkeys,
    profile,
    prove,
    recovery,
    second_step,
    settings,
    start,
)

__all__ = [
    "bp",
    "contact",
    "credentials",
    "demographics",
    "devices",
    "door",
    "factors",
    "invitation",
    "kept",
    "passkeys",
    "profile",
    "prove",
    "recovery",
    "second_step",
    "settings",
    "start",
]
