"""The mails about somebody's data. None says what we know."""

from __future__ import annotations

from service.mail.rules import Email


def copy_ready(*, days: int) -> Email:
    """The copy can be fetched behind the sign-in, for so many days."""
    return Email("copy_ready", {"path": "/settings/your-data", "days": days})


def account_closed() -> Email:
    """The last mail somebody gets from us."""
    return Email("account_closed", {"path": "/privacy"})
