"""What people do at the door: sign in, prove a second factor, confirm an address, sign out; and staff being let in."""

from __future__ import annotations

from service.accounts.actions.addresses import confirm_address, link_is_open, send_confirmation_again
from service.accounts.actions.factors import (
    Shown,
    add_passkey,
    add_totp,
    cancel_totp,
    decline_second_step,
    make_recovery_codes,
    new_passkey_options,
    prove,
    remove_passkey,
    remove_totp,
    rename_passkey,
    second_factor,
    send_code,
    send_proof_code,
    show_set_up_code,
    start_totp,
)
from service.accounts.actions.sign_in import SignedIn, sign_in, sign_in_with_passkey, sign_out, touch
from service.accounts.actions.staff import create_staff

__all__ = [
    "Shown",
    "SignedIn",
    "add_passkey",
    "add_totp",
    "cancel_totp",
    "confirm_address",
    "create_staff",
    "decline_second_step",
    "link_is_open",
    "make_recovery_codes",
    "new_passkey_options",
    "prove",
    "remove_passkey",
    "remove_totp",
    "rename_passkey",
    "second_factor",
    "send_code",
    "send_confirmation_again",
    "send_proof_code",
    "show_set_up_code",
    "sign_in",
    "sign_in_with_passkey",
    "sign_out",
    "start_totp",
    "touch",
]
