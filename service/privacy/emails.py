"""The mails about somebody's data. None says what we know."""

from __future__ import annotations

from datetime import date

from service.kit.format import day
from service.mail.rules import Email


def copy_ready(*, days: int) -> Email:
    """The copy can be fetched behind the sign-in, for so many days."""
    return Email("copy_ready", {"path": "/settings/your-data", "days": days})


def account_closed() -> Email:
    """The last mail somebody gets from us."""
    return Email("account_closed", {"path": "/privacy"})


def account_unused(*, goes_on: date, locale: str) -> Email:
    """An account that nobody uses will be removed after this day; signing in once keeps it."""
    return Email("account_unused", {"path": "/sign-in", "goes_on": day(goes_on, locale=locale)})
