"""Promotion codes: words for a coupon (docs.stripe.com/api/promotion_codes)."""

from __future__ import annotations

import re
from typing import Any

from service.sandbox.stripe import discounts
from service.sandbox.stripe.errors import malformed, refused
from service.sandbox.stripe.listing import page
from service.sandbox.stripe.objects import discounts as shape
from service.sandbox.stripe.params import METADATA, RANGE, merged, within
from service.sandbox.stripe.routing import PAGING, route
from service.sandbox.stripe.store import Json
from service.sandbox.stripe.world import World


@route(
    "POST",
    "/v1/promotion_codes",
    {
        "promotion": {"type": ("coupon",), "coupon": str},
        "code": str,
        "active": bool,
        "customer": str,
        "expires_at": int,
        "max_redemptions": int,
        "metadata": METADATA,
    },
    required=("promotion",),
    typed="PromotionCodeCreateParams",
)
def create(world: World, params: dict[str, Any]) -> Json:
    """Words for a coupon; among active codes the same words, in whatever case, exist once."""
    for name in ("type", "coupon"):
        if name not in params["promotion"]:
            raise malformed(f"Missing required param: promotion[{name}].", code="parameter_missing", param="promotion")
    coupon = world.find("coupon", params["promotion"]["coupon"], param="promotion[coupon]")
    if not discounts.still_valid(world, coupon):
        raise refused(f"Coupon expired: {coupon['id']}", code="coupon_expired", param="promotion[coupon]")
    if "customer" in params:
        world.find("customer", params["customer"], param="customer")
    if not re.fullmatch(r"[A-Za-z0-9-]{1,500}", params.get("code", "X")):
        raise malformed("A code is made of letters, digits and -.", code="parameter_invalid_string", param="code")
    if params.get("max_redemptions", 1) < 1:
        raise malformed("Invalid positive integer", code="parameter_invalid_integer", param="max_redemptions")
    if params.get("expires_at", world.now() + 1) <= world.now():
        raise refused("`expires_at` must be in the future.", param="expires_at")
    made = shape.promotion_code(world.now(), params)
    if made["active"] and _same(world, made):
        message = "An active promotion code with `code: " + made["code"] + "` already exists."
        raise refused(message, code="resource_already_exists", param="code")
    return world.add(made, "promotion_code.created")


def _same(world: World, made: Json) -> list[Json]:
    every = [one for one in world.of("promotion_code") if one["code"].lower() == made["code"].lower()]
    return [one for one in every if one["id"] != made["id"] and discounts.refreshed(world, one)["active"]]


@route("GET", "/v1/promotion_codes/{identifier}", typed="PromotionCodeRetrieveParams")
def retrieve(world: World, params: dict[str, Any], identifier: str) -> Json:
    """One code, with whether it is still active."""
    return discounts.refreshed(world, world.find("promotion_code", identifier))


@route(
    "POST",
    "/v1/promotion_codes/{identifier}",
    {"active": bool, "metadata": METADATA},
    typed="PromotionCodeUpdateParams",
)
def update(world: World, params: dict[str, Any], identifier: str) -> Json:
    """Switch it off, or on again while its coupon is valid and it has not run out."""
    promotion = discounts.refreshed(world, world.find("promotion_code", identifier))
    if params.get("active") and not promotion["active"]:
        promotion["active"] = True
        if not discounts.refreshed(world, promotion)["active"] or _same(world, promotion):
            world.change(promotion, active=False)
            raise refused("This promotion code cannot be made active again.", param="active")
    metadata = merged(promotion["metadata"], params.get("metadata"))
    active = params.get("active", promotion["active"])
    world.change(promotion, "promotion_code.updated", active=active, metadata=metadata)
    return promotion


@route(
    "GET",
    "/v1/promotion_codes",
    {"active": bool, "code": str, "coupon": str, "customer": str, "created": RANGE, **PAGING},
    typed="PromotionCodeListParams",
)
def list_all(world: World, params: dict[str, Any]) -> Json:
    """Codes, newest first; by their words in whatever case."""
    every = [discounts.refreshed(world, one) for one in world.of("promotion_code")]
    kept = [one for one in every if one["code"].lower() == str(params.get("code", one["code"])).lower()]
    kept = [one for one in kept if one["active"] == params.get("active", one["active"])]
    kept = [one for one in kept if one["promotion"]["coupon"] == params.get("coupon", one["promotion"]["coupon"])]
    kept = [one for one in kept if one["customer"] == params.get("customer", one["customer"])]
    kept = [one for one in kept if within(one["created"], params.get("created", {}))]
    return page(kept, params, "/v1/promotion_codes")
