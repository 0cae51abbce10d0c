"""The subscription an address names."""

from __future__ import annotations

from service.sandbox.stripe.errors import missing
from service.sandbox.stripe.store import Json
from service.sandbox.stripe.world import World


def not_ended(world: World, identifier: str) -> Json:
    """Stripe answers for an ended subscription as if it were gone."""
    subscription = world.find("subscription", identifier)
    if subscription["status"] == "canceled":
        raise missing("subscription", identifier)
    return subscription
