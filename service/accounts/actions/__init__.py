"""What people do at the door: sign in, prove a second factor, confirm an address, sign out; and staff being let in."""

from __future__ import annotations

from service.accounts.actions.addresses import confirm_address, link_is_open, send_confirmation_again
from service.accounts.actions.sign_in import SignedIn, second_factor, sign_in, sign_out, touch
from service.accounts.actions.staff import create_staff

__all__ = [
    "SignedIn",
    "confirm_address",
    "create_staff",
    "link_is_open",
    "second_factor",
    "send_confirmation_again",
    "sign_in",
    "sign_out",
    "touch",
]
