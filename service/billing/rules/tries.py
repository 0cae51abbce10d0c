"""When to try again, how long an attempt lives, and the idempotency key of each call. Pure."""

from __future__ import annotations

from datetime import timedelta
from typing import Final
from uuid import UUID

# From a few seconds to three hours, for a day and more: where Stripe was away for a day, what it told is acted upon
# within three hours of its return, not a day later.
_WAITS: Final = tuple(timedelta(seconds=s) for s in (10, 60, 300, 1800, *[10800] * 10))

ENOUGH: Final = 3  # times in a row that Stripe did not answer: then it is away, and waiting for each takes too long
HEAD_START: Final = timedelta(seconds=30)  # the job of a fresh message goes first; the sweeper only follows


# Stripe keeps a result under its key for at least 24 hours; an attempt this old is not replayed but replaced.
REPLAY_FOR: Final = timedelta(minutes=20)
# The pay page's life. Stripe allows 30 minutes to 24 hours; a short one means the gate's yes is still fresh.
PAGE_LIVES: Final = timedelta(hours=1)


def retry_after(attempts: int) -> timedelta | None:
    """How long to wait after the `attempts`-th failure (1 is the first); None: park it where people see it."""
    return _WAITS[attempts - 1] if attempts <= len(_WAITS) else None


def customer_key(membership_id: UUID) -> str:
    """The idempotency key for the customer at Stripe: one per membership, so that a lost answer is found again."""
    return f"cus:{membership_id}"


def checkout_key(membership_id: UUID, number: int) -> str:
    """The idempotency key of the `number`-th attempt to pay. A new card or a new hour needs a new one."""
    return f"checkout:{membership_id}:{number}"


def expire_key(checkout_id: UUID) -> str:
    """The idempotency key for closing one pay page."""
    return f"expire:{checkout_id}"


# How long one of Stripe's keys surely lives (it keeps them for at least 24 hours). Older: look before asking again.
KEY_LIVES: Final = timedelta(hours=20)
_ASK_AGAIN: Final = (timedelta(minutes=5), timedelta(hours=1), timedelta(days=1))


def intent_key(kind: str, intent_id: UUID) -> str:
    """The idempotency key of everything that one intent asks of Stripe."""
    return f"{kind}:{intent_id}"


def ask_again_after(tries: int) -> timedelta:
    """How long an unknown outcome waits after the `tries`-th asking: five minutes, an hour, then daily."""
    return _ASK_AGAIN[min(tries, len(_ASK_AGAIN)) - 1]
