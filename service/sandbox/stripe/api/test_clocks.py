"""Test clocks (docs.stripe.com/api/test_clocks)."""

from __future__ import annotations

from typing import Any

from service.sandbox.stripe import test_clocks
from service.sandbox.stripe.listing import found
from service.sandbox.stripe.routing import PAGING, route
from service.sandbox.stripe.store import Json
from service.sandbox.stripe.world import World

ROOM = "/v1/test_helpers/test_clocks"


@route(
    "POST",
    ROOM,
    {"frozen_time": int, "name": str},
    required=("frozen_time",),
    typed="test_helpers.TestClockCreateParams",
)
def create(world: World, params: dict[str, Any]) -> Json:
    """A clock that stands still."""
    return test_clocks.made(world, params["frozen_time"], params.get("name"))


@route("GET", ROOM + "/{identifier}", typed="test_helpers.TestClockRetrieveParams")
def retrieve(world: World, params: dict[str, Any], identifier: str) -> Json:
    """One clock: `ready` once everything on its way is done."""
    return world.find(test_clocks.KIND, identifier)


@route("GET", ROOM, {**PAGING}, typed="test_helpers.TestClockListParams")
def list_all(world: World, params: dict[str, Any]) -> Json:
    """Clocks, newest first."""
    return found(world, test_clocks.KIND, params, ROOM)


@route(
    "POST",
    ROOM + "/{identifier}/advance",
    {"frozen_time": int},
    required=("frozen_time",),
    typed="test_helpers.TestClockAdvanceParams",
)
def advance(world: World, params: dict[str, Any], identifier: str) -> Json:
    """Let it run."""
    clock = world.find(test_clocks.KIND, identifier)
    test_clocks.advance(world, clock, params["frozen_time"])
    return clock


@route("DELETE", ROOM + "/{identifier}", typed="test_helpers.TestClockDeleteParams")
def delete(world: World, params: dict[str, Any], identifier: str) -> Json:
    """End it, with its customers."""
    return test_clocks.delete(world, world.find(test_clocks.KIND, identifier))
