"""Checkout Sessions, read and closed (docs.stripe.com/api/checkout/sessions)."""

from __future__ import annotations

from typing import Any

from service.sandbox.stripe import checkout
from service.sandbox.stripe.errors import refused
from service.sandbox.stripe.listing import found, whole
from service.sandbox.stripe.params import METADATA, RANGE, merged
from service.sandbox.stripe.routing import PAGING, route
from service.sandbox.stripe.store import Json
from service.sandbox.stripe.world import World


@route("GET", "/v1/checkout/sessions/{identifier}", typed="checkout.SessionRetrieveParams")
def retrieve(world: World, params: dict[str, Any], identifier: str) -> Json:
    """One session; `line_items` only when expanded."""
    return world.find("checkout.session", identifier, noun="checkout.session")


@route(
    "GET",
    "/v1/checkout/sessions/{identifier}/line_items",
    {**PAGING},
    typed="checkout.SessionListLineItemsParams",
)
def line_items(world: World, params: dict[str, Any], identifier: str) -> Json:
    """What the session sells."""
    world.find("checkout.session", identifier, noun="checkout.session")
    return whole(world.private(identifier).get("line_items", []), f"/v1/checkout/sessions/{identifier}/line_items")


@route(
    "GET",
    "/v1/checkout/sessions",
    {"customer": str, "subscription": str, "status": ("open", "complete", "expired"), "created": RANGE, **PAGING},
    typed="checkout.SessionListParams",
)
def list_all(world: World, params: dict[str, Any]) -> Json:
    """Sessions, newest first."""
    same = {name: params.get(name) for name in ("customer", "subscription", "status")}
    return found(world, "checkout.session", params, "/v1/checkout/sessions", **same)


@route("POST", "/v1/checkout/sessions/{identifier}", {"metadata": METADATA}, typed="checkout.SessionUpdateParams")
def update(world: World, params: dict[str, Any], identifier: str) -> Json:
    """Change its metadata."""
    session = world.find("checkout.session", identifier, noun="checkout.session")
    world.change(session, metadata=merged(session["metadata"], params.get("metadata")))
    return session


@route("POST", "/v1/checkout/sessions/{identifier}/expire", typed="checkout.SessionExpireParams")
def expire(world: World, params: dict[str, Any], identifier: str) -> Json:
    """Close the page before somebody pays on it."""
    session = world.find("checkout.session", identifier, noun="checkout.session")
    if session["status"] != "open":
        raise refused(
            'Only Checkout Sessions with a status in ["open"] can be expired. '
            f"This Checkout Session has a status of `{session['status']}`."
        )
    checkout.expire(world, session)
    return session
