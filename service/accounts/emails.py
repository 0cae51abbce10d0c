"""The mails about an account. None says what the account is for."""

from __future__ import annotations

from service.mail.rules import Email


def confirm_address(token: str) -> Email:
    """The link that proves the address. Opening it changes nothing; the button behind it does."""
    return Email("confirm_address", {"path": f"/confirm/{token}", "hours": 72})


def already_registered() -> Email:
    """To someone who signed up again, or whose address somebody typed: it says how to sign in."""
    return Email("already_registered", {"path": "/sign-in"})
