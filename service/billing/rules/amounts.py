"""Amounts of dollars as people type them. Pure."""

from __future__ import annotations

import re
from typing import Final

from service.kit.errors import Rejected, words

MOST_CENTS: Final = 2_147_483_647  # what a column of the database holds
_AMOUNT: Final = re.compile(r"\$?(?P<dollars>[0-9]+|[0-9]{1,3}(?:,[0-9]{3})+)(?:\.(?P<cents>[0-9]{2}))?")


def typed_cents(text: str | None, *, most: int = MOST_CENTS) -> int:
    """ "25", "25.00", "$1,025.50" in cents, exactly. Anything that could mean two things is refused, never guessed.

    Raises Rejected with what to type instead.
    """
    typed = "".join((text or "").split())
    if not typed:
        raise Rejected("no_amount", words("Enter an amount in dollars, like 25.00"))
    found = _AMOUNT.fullmatch(typed)
    if found is None:
        if typed.startswith(("-", "$-", "\N{MINUS SIGN}")):
            raise Rejected("amount_negative", words("Enter an amount above zero, without a minus sign"))
        raise Rejected("amount_unclear", words("Enter dollars, and cents behind a point with two digits, like 25.50"))
    if len(found["dollars"]) > 13:
        raise Rejected("amount_too_high", words("That is more than can be given here"))
    cents = int(found["dollars"].replace(",", "")) * 100 + int(found["cents"] or 0)
    if cents == 0:
        raise Rejected("amount_zero", words("Enter an amount above zero"))
    if cents > most:
        raise Rejected("amount_too_high", words("That is more than can be given here"))
    return cents
