"""Cards as people say them. Pure."""

from __future__ import annotations


def card_words(brand: str | None, last4: str | None) -> str:
    """ "Visa ending 4242", or an empty text."""
    return f"{(brand or '').title()} ending {last4}".strip() if last4 else ""
