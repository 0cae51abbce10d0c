"""Setup intents, which the hosted page makes (docs.stripe.com/api/setup_intents)."""

from __future__ import annotations

from typing import Any

from service.sandbox.stripe.listing import found
from service.sandbox.stripe.params import RANGE
from service.sandbox.stripe.routing import PAGING, route
from service.sandbox.stripe.store import Json
from service.sandbox.stripe.world import World


@route("GET", "/v1/setup_intents/{identifier}", typed="SetupIntentRetrieveParams")
def retrieve(world: World, params: dict[str, Any], identifier: str) -> Json:
    """One setup intent, with the card once there is one."""
    return world.find("setup_intent", identifier)


@route(
    "GET",
    "/v1/setup_intents",
    {"customer": str, "payment_method": str, "created": RANGE, **PAGING},
    typed="SetupIntentListParams",
)
def list_all(world: World, params: dict[str, Any]) -> Json:
    """Setup intents, newest first."""
    same = {name: params.get(name) for name in ("customer", "payment_method")}
    return found(world, "setup_intent", params, "/v1/setup_intents", **same)
