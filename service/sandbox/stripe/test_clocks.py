"""Clocks of their own for some customers (docs.stripe.com/billing/testing/test-clocks).

Whoever was made with a clock lives by it, with all subscriptions, invoices and payments: its time stands still until
it is advanced, and then everything due on the way is done. The stand-in's own clock goes on for all others.
"""

from __future__ import annotations

from typing import Any

from service.sandbox.stripe import renewals
from service.sandbox.stripe.errors import refused
from service.sandbox.stripe.ids import kind_of, new_id
from service.sandbox.stripe.months import moment_after
from service.sandbox.stripe.store import Json
from service.sandbox.stripe.world import World

KIND = "test_helpers.test_clock"
KEPT_FOR = 30 * 24 * 3600
#: What goes with a customer when the clock is deleted.
BELONGINGS = ("subscription", "invoice", "payment_intent", "charge", "payment_method", "checkout.session")


def made(world: World, frozen_time: int, name: str | None) -> Json:
    """A clock that stands at this moment."""
    clock: Json = {
        "id": new_id(KIND),
        "object": KIND,
        "created": world.now(),
        "deletes_after": world.now() + KEPT_FOR,
        "frozen_time": frozen_time,
        "livemode": False,
        "name": name,
        "status": "ready",
        "status_details": {},
    }
    return world.add(clock, "test_helpers.test_clock.created")


def advance(world: World, clock: Json, target: int) -> None:
    """Let it run to `target`: done before the next request is answered. At most two periods at once, as at Stripe."""
    if clock["status"] != "ready":
        raise refused("This test clock is already advancing.")
    if target <= clock["frozen_time"]:
        raise refused("The test clock can only be advanced to a time after its frozen time.", param="frozen_time")
    for subscription in world.of("subscription", test_clock=clock["id"]):
        recurring = subscription["items"]["data"][0]["price"]["recurring"]
        if target > moment_after(clock["frozen_time"], recurring["interval"], recurring["interval_count"], 2):
            message = "A test clock can be advanced by at most two intervals of its shortest subscription."
            raise refused(message, param="frozen_time")
    details = {"advancing": {"target_frozen_time": target}}
    world.change(clock, "test_helpers.test_clock.advancing", status="advancing", status_details=details)


def catch_up(world: World) -> None:
    """Do what is due by now: on the clocks that are advancing, and by the stand-in's own."""
    for clock in world.of(KIND, status="advancing"):
        target = clock["status_details"]["advancing"]["target_frozen_time"]
        renewals.run_until(world, target, clock=clock["id"])
        fields: Json = {"frozen_time": target, "status": "ready", "status_details": {}}
        with world.clock.stopped_at(target):
            world.change(clock, "test_helpers.test_clock.ready", **fields)
    renewals.run_until(world, world.now())


def delete(world: World, clock: Json) -> Json:
    """Gone, and everybody who lived by it."""
    for kind in ("announcement", "resumption"):
        for note in world.of(kind, test_clock=clock["id"]):
            world.store.remove(kind, note["id"])
    for customer in world.of("customer", test_clock=clock["id"]):
        for kind in BELONGINGS:
            for one in world.of(kind, customer=customer["id"]):
                world.store.remove(kind, one["id"])
        world.store.remove("customer", customer["id"])
    world.store.remove(KIND, clock["id"])
    gone = {**clock, "deleted": True}
    world.emit("test_helpers.test_clock.deleted", gone)
    return {"id": clock["id"], "object": KIND, "deleted": True}


def moment_of(world: World, *named: Any) -> int:
    """Now, for a request that names these: the time of the test clock that one of them lives by, or everybody's."""
    for identifier in _ids(named):
        kind = kind_of(identifier)
        item = world.store.get(kind, identifier) if kind else None
        if item is not None and (clock := clock_of(world, item)):
            return int(world.find(KIND, clock)["frozen_time"])
    return world.now()


def clock_of(world: World, item: Json) -> str | None:
    """The clock an object lives by: its own, or that of the customer it belongs to."""
    if item.get("test_clock"):
        return str(item["test_clock"])
    for name in ("customer", "charge", "invoice", "payment_intent"):
        if isinstance(owner := item.get(name), str):
            found = world.store.get(name, owner)
            return clock_of(world, found) if found else None
    return None


def _ids(value: Any) -> list[str]:
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list | tuple):
        return [identifier for one in value for identifier in _ids(one)]
    return [value] if isinstance(value, str) else []
