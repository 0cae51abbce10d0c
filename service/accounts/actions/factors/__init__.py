"""Second steps: adding and removing them, showing one after the password, and proving once more that it is you."""

from __future__ import annotations

from service.accounts.actions.factors.offer import decline_second_step
from service.accounts.actions.factors.passkeys import add_passkey, new_passkey_options, remove_passkey, rename_passkey
from service.accounts.actions.factors.prove import prove, send_proof_code
from service.accounts.actions.factors.recovery_codes import make_recovery_codes
from service.accounts.actions.factors.second_step import second_factor, send_code
from service.accounts.actions.factors.set_up import show_set_up_code
from service.accounts.actions.factors.shown import Shown
from service.accounts.actions.factors.totp import add_totp, cancel_totp, remove_totp, start_totp

__all__ = [
    "Shown",
    "add_passkey",
    "add_totp",
    "cancel_totp",
    "decline_second_step",
    "make_recovery_codes",
    "new_passkey_options",
    "prove",
    "remove_passkey",
    "remove_totp",
    "rename_passkey",
    "second_factor",
    "send_code",
    "send_proof_code",
    "show_set_up_code",
    "start_totp",
]
