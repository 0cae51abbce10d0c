"""Coupons (docs.stripe.com/api/coupons)."""

from __future__ import annotations

import re
from typing import Any

from service.sandbox.stripe import discounts
from service.sandbox.stripe.errors import malformed, refused
from service.sandbox.stripe.listing import found
from service.sandbox.stripe.objects import discounts as shape
from service.sandbox.stripe.params import METADATA, RANGE, merged
from service.sandbox.stripe.routing import PAGING, route
from service.sandbox.stripe.store import Json
from service.sandbox.stripe.world import World


@route(
    "POST",
    "/v1/coupons",
    {
        "id": str,
        "amount_off": int,
        "currency": ("usd",),
        "percent_off": float,
        "duration": ("forever", "once", "repeating"),
        "duration_in_months": int,
        "max_redemptions": int,
        "redeem_by": int,
        "name": str,
        "metadata": METADATA,
    },
    typed="CouponCreateParams",
)
def create(world: World, params: dict[str, Any]) -> Json:
    """A reduction in per cent or in cents; its id may be chosen, once."""
    if world.store.get("coupon", params.get("id", "")):
        raise refused("Coupon already exists.", code="resource_already_exists", param="id")
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,200}", params.get("id", "x")):
        raise malformed(
            "A coupon's id is made of letters, digits, - and _.", code="parameter_invalid_string", param="id"
        )
    if ("percent_off" in params) == ("amount_off" in params):
        message = "You must pass exactly one of percent_off and amount_off."
        raise malformed(message, code="parameter_missing", param="percent_off")
    if "percent_off" in params and not 0 < params["percent_off"] <= 100:
        raise malformed(
            "Invalid percent_off: more than 0, at most 100", code="parameter_invalid_integer", param="percent_off"
        )
    if "amount_off" in params and "currency" not in params:
        raise malformed("Missing required param: currency.", code="parameter_missing", param="currency")
    for name in ("amount_off", "duration_in_months", "max_redemptions"):
        if params.get(name, 1) < 1:
            raise malformed("Invalid positive integer", code="parameter_invalid_integer", param=name)
    if (params.get("duration", "once") == "repeating") != ("duration_in_months" in params):
        message = "duration_in_months belongs to duration=repeating, and only to it."
        raise malformed(message, code="parameter_missing", param="duration_in_months")
    if params.get("redeem_by", world.now() + 1) <= world.now():
        raise refused("`redeem_by` must be in the future.", param="redeem_by")
    return world.add(shape.coupon(world.now(), params), "coupon.created")


@route("GET", "/v1/coupons/{identifier}", typed="CouponRetrieveParams")
def retrieve(world: World, params: dict[str, Any], identifier: str) -> Json:
    """One coupon, with whether it is still valid."""
    coupon = world.find("coupon", identifier)
    discounts.still_valid(world, coupon)
    return coupon


@route("POST", "/v1/coupons/{identifier}", {"name": str, "metadata": METADATA}, typed="CouponUpdateParams")
def update(world: World, params: dict[str, Any], identifier: str) -> Json:
    """Change its name or metadata: what it takes off never changes."""
    coupon = world.find("coupon", identifier)
    metadata = merged(coupon["metadata"], params.pop("metadata", None))
    world.change(coupon, "coupon.updated", **params, metadata=metadata)
    return coupon


@route("GET", "/v1/coupons", {"created": RANGE, **PAGING}, typed="CouponListParams")
def list_all(world: World, params: dict[str, Any]) -> Json:
    """Coupons, newest first."""
    return found(world, "coupon", params, "/v1/coupons")
