"""Cards and months as people say them. Pure."""

from __future__ import annotations

from calendar import monthrange
from datetime import datetime


def card_words(brand: str | None, last4: str | None) -> str:
    """ "Visa ending 4242", or an empty text."""
    return f"{(brand or '').title()} ending {last4}".strip() if last4 else ""


def month_after(moment: datetime) -> datetime:
    """The same day and time of the next month, or its last day: how Stripe counts months. Keeps the zone."""
    year, month = moment.year + moment.month // 12, moment.month % 12 + 1
    return moment.replace(year=year, month=month, day=min(moment.day, monthrange(year, month)[1]))
