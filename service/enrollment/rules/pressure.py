"""Blood pressure as somebody types it, and what typed numbers say. In mmHg, the higher number first: "120/80"."""

from __future__ import annotations

import re
from collections.abc import Sequence

from service.kit.errors import Rejected, words

MOST = 2  # readings that one page takes
# Outside of it is a slip of the finger. Wider than what a session takes (domain.md 4.8: 60 to 260, 30 to 160): here
# nobody in danger is told that their numbers cannot be.
SYSTOLIC, DIASTOLIC = range(60, 301), range(30, 201)
UNREADABLE = Rejected(
    "reading_unreadable", words("Enter both numbers with a slash between them, the higher one first, like 120/80.")
)
IMPLAUSIBLE = Rejected(
    "reading_implausible", words("Check the numbers: no blood pressure is like that. It should look like 120/80.")
)
SWAPPED = Rejected(
    "reading_swapped", words("The first number must be higher than the second. Check them: it should look like 120/80.")
)


def reading(text: str) -> str:
    """One reading in one form, "120/80". Raises Rejected with a sentence for the person."""
    found = re.fullmatch(r"([0-9]{2,3})\s*(?:/|-|over|\s)\s*([0-9]{2,3})", text.strip(), re.ASCII | re.IGNORECASE)
    if found is None:
        raise UNREADABLE
    upper, lower = int(found[1]), int(found[2])
    if lower >= upper:
        raise SWAPPED
    if upper not in SYSTOLIC or lower not in DIASTOLIC:
        raise IMPLAUSIBLE
    return f"{upper}/{lower}"


def readings(sent: Sequence[str]) -> list[str]:
    """The readings that were typed, none where the page was left empty. Raises Rejected as `reading` does."""
    return [reading(text) for text in sent[:MOST] if text]


def rules_of(taken: Sequence[str]) -> list[str]:
    """C1: two readings, each at or above 160 or 100. C2: any above 140 or above 90 that C1 does not catch.

    Source: domain.md 2.3 (another at-home program's own exclusion, and the esketamine label).
    """
    pairs = [_numbers(one) for one in taken]
    if sum(upper >= 160 or lower >= 100 for upper, lower in pairs) >= 2:
        return ["C1"]
    return ["C2"] if any(upper > 140 or lower > 90 for upper, lower in pairs) else []


def very_high(taken: Sequence[str]) -> bool:
    """Is any reading above 180 or above 120? With symptoms that is an emergency (AHA 2025, domain.md 2.3 E2)."""
    return any(upper > 180 or lower > 120 for upper, lower in map(_numbers, taken))


def _numbers(one: str) -> tuple[int, int]:
    upper, _, lower = one.partition("/")
    return int(upper), int(lower)
