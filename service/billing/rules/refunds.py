"""What may be given back, and the words for why. Pure; money in cents."""

from __future__ import annotations

from typing import Final, Literal, TypeAlias

Outcome: TypeAlias = Literal["waiting", "done", "failed", "unknown"]

# A refund that was asked for keeps its money back from others until it is declined, failed or done.
RESERVED: Final = ("asked", "approved")
_OUTCOME: Final[dict[str, Outcome]] = {
    "pending": "waiting",
    "requires_action": "waiting",
    "succeeded": "done",
    "failed": "failed",
    "canceled": "failed",
}


def left_to_refund(paid_cents: int, refunded_cents: int, refunding_cents: int) -> int:
    """What of a payment was neither given back nor promised."""
    return paid_cents - refunded_cents - refunding_cents


def refund_outcome(stripe_status: str) -> Outcome:
    """Our word for how a refund stands at Stripe. "unknown": Stripe has a word that we do not know.

    Nobody guesses then: what was promised stays promised, and the nightly comparison shows it to a person.
    """
    return _OUTCOME.get(stripe_status, "unknown")
