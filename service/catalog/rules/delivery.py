"""Whether an address is a door somebody opens, or a box: an adult takes a controlled substance (domain.md 2.1)."""

from __future__ import annotations

import re

from service.catalog.rules.engine import Delivery

# Post offices, private mailboxes (PMB: they forward), general delivery, and boxes on military posts.
_BOX = re.compile(
    r"\bp\.?\s*o\.?\s*b(?:ox|\b)|\bpost\s+office\s+box\b|\bpmb\b|\bgeneral\s+delivery\b"
    r"|\b(?:psc|cmr|unit)\s+\d+,?\s+box\b",
    re.IGNORECASE,
)


def delivery_to(state: str, line1: str, line2: str) -> Delivery:
    """Where a parcel would go, from an address as it was typed. Two empty lines are no street."""
    line = f"{line1}\n{line2}".strip()
    street = any(letter.isalnum() for letter in line) and _BOX.search(line) is None
    return Delivery(state=state, kind="street" if street else "post_box")
