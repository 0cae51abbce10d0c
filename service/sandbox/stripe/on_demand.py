"""What banks and card networks do, when the sandbox wants to see it: control calls, described in `control`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from service.sandbox.stripe import cards, disputes, seeding, test_clocks
from service.sandbox.stripe.store import Json
from service.sandbox.stripe.world import World


def dispute(world: World, wanted: Any) -> Json:
    """Have a charge disputed, or a dispute decided. Raises ValueError when it says of what."""
    if not isinstance(wanted, dict):
        raise ValueError("a dispute takes an object")
    if "dispute" in wanted:
        if wanted.get("outcome") not in ("won", "lost"):
            raise ValueError('outcome is "won" or "lost"')
        known = world.find("dispute", str(wanted["dispute"]))
        with world.clock.stopped_at(test_clocks.moment_of(world, known["id"])):
            disputes.decide(world, known, wanted["outcome"])
        return known
    charge = _charge(world, wanted)
    with world.clock.stopped_at(test_clocks.moment_of(world, charge["id"])):
        return disputes.arise(world, charge, str(wanted.get("reason", "fraudulent")))


def _charge(world: World, wanted: Json) -> Json:
    if "charge" in wanted:
        return world.find("charge", str(wanted["charge"]))
    intent = str(wanted.get("payment_intent", ""))
    if "invoice" in wanted:
        paid = world.of("invoice_payment", invoice=str(wanted["invoice"]), status="paid")
        intent = paid[0]["payment"]["payment_intent"] if paid else ""
    return world.find("charge", world.find("payment_intent", intent)["latest_charge"] or "")


def card(world: World, wanted: Any) -> Json:
    """Have a card renewed by its bank, or another date printed on it."""
    if not isinstance(wanted, dict) or not isinstance(wanted.get("payment_method"), str):
        raise ValueError('a card takes "payment_method"')
    known = world.find("payment_method", wanted["payment_method"])
    if "exp_month" in wanted or "exp_year" in wanted:
        cards.expire_with(world, known, int(wanted["exp_month"]), int(wanted["exp_year"]))
    else:
        cards.renewed(world, known)
    return known


def seed(world: World, wanted: Any) -> Json:
    """Subscriptions for measuring, with memberships named `seed-0`, `seed-1`, ..."""
    if not isinstance(wanted, dict) or not isinstance(wanted.get("count"), int):
        raise ValueError('seeding takes "price" and "count"')
    price = world.find("price", str(wanted.get("price")))
    made = seeding.seed(world, price["id"], (f"seed-{number}" for number in range(wanted["count"])))
    return {"made": len(made)}


DO: dict[str, Callable[[World, Any], Json]] = {"POST disputes": dispute, "POST cards": card, "POST seed": seed}
