"""The mails about an account. None says what the account is for."""

from __future__ import annotations

from service.mail.rules import Email


def confirm_address(token: str) -> Email:
    """The link that proves the address. Opening it changes nothing; the button behind it does."""
    return Email("confirm_address", {"path": f"/confirm/{token}", "hours": 72})


def already_registered() -> Email:
    """To someone who signed up again, or whose address somebody typed: it says how to sign in."""
    return Email("already_registered", {"path": "/sign-in"})


def security_changed(what_code: str) -> Email:
    """Word that something people sign in with was changed. `what_code` is one of those in the template's what.txt:

    totp_added, totp_removed, passkey_added, passkey_removed, recovery_codes_made, recovery_code_used,
    password_changed, password_reset, email_changed, phone_changed, address_changed. Another code says it in general.
    """
    return Email("security_change", {"what": what_code, "path": "/sign-in"})


def sign_in_code(code: str, minutes: int) -> Email:
    """A code that finishes one sign-in, or proves once more who it is."""
    return Email("sign_in_code", {"code": code, "minutes": minutes})


def new_sign_in() -> Email:
    """Word that the account was opened in a browser that had not been used before."""
    return Email("new_sign_in", {"path": "/sign-in"})
