"""Both sides, ready: Stripe behind the key in the environment, the stand-in as a process of its own."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import stripe

from tests.live.sides import Side
from tests.sandbox.stripe.harness import Shop, StandIn

KEY = "STRIPE_TEST_KEY"
WITHOUT = f"{KEY} is not set: the stand-in is compared with Stripe's test mode only when somebody asks for it"


def key() -> str:
    """The key from the environment, empty when there is none. Raises ValueError for one that is not for tests."""
    found = os.environ.get(KEY, "")
    if found and not found.startswith(("sk_test_", "rk_test_")):
        raise ValueError(f"{KEY} has to start with sk_test_: scenarios make, charge and refund")
    return found


def moment() -> int:
    """When the scenarios begin: today at noon, the same on both sides."""
    return int(time.time()) // 86400 * 86400 + 12 * 3600


def real(frozen: int) -> Side:
    """Stripe's test mode."""
    return Side("Stripe", stripe.StripeClient(key(), max_network_retries=2), frozen, pause=1.0)


def ours(standin: StandIn, frozen: int, name: str = "stand-in") -> Side:
    """A running stand-in."""
    return Side(name, standin.client, frozen)


@contextmanager
def standing_in(folder: Path) -> Iterator[StandIn]:
    """A stand-in for as long as the block lasts."""
    # As the account is set: nothing is canceled behind us (tests/live/__init__.py).
    standin = StandIn(folder, Shop(), more=("--dunning-ends-in", "unpaid"))
    standin.start()
    try:
        yield standin
    finally:
        standin.stop()
