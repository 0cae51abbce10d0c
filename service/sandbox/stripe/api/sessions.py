"""Checkout Sessions in mode=subscription, on the hosted page (docs.stripe.com/api/checkout/sessions)."""

from __future__ import annotations

from typing import Any

from service.sandbox.stripe import checkout
from service.sandbox.stripe.errors import malformed, not_supported, refused
from service.sandbox.stripe.listing import found, whole
from service.sandbox.stripe.objects import checkout as shape
from service.sandbox.stripe.params import METADATA, RANGE, merged
from service.sandbox.stripe.routing import PAGING, route
from service.sandbox.stripe.store import Json
from service.sandbox.stripe.world import World

HOUR = 3600


@route(
    "POST",
    "/v1/checkout/sessions",
    {
        "mode": ("subscription", "payment", "setup"),
        "ui_mode": ("hosted_page",),
        "success_url": str,
        "cancel_url": str,
        "customer": str,
        "customer_email": str,
        "client_reference_id": str,
        "line_items": [{"price": str, "quantity": int}],
        "subscription_data": {"metadata": METADATA, "description": str},
        "metadata": METADATA,
        "expires_at": int,
        "locale": str,
        "allow_promotion_codes": bool,
        "billing_address_collection": ("auto", "required"),
        "payment_method_collection": ("always", "if_required"),
    },
    required=("mode", "success_url", "line_items"),
    typed="checkout.SessionCreateParams",
)
def create(world: World, params: dict[str, Any]) -> Json:
    """Open a payment page. `payment_method_types` is gone in this version, so it is refused like any unknown name."""
    if params["mode"] != "subscription":
        raise not_supported(f"Checkout in mode={params['mode']}")
    if "customer" in params and "customer_email" in params:
        message = "You may only specify one of these parameters: customer, customer_email."
        raise malformed(message, code="parameter_invalid_string", param="customer_email")
    email = params.get("customer_email")
    if "customer" in params:
        email = world.find("customer", params["customer"], param="customer")["email"]
    lines = [_line(world, sent, f"line_items[{place}]") for place, sent in enumerate(params["line_items"])]
    expires_at = params.get("expires_at", world.now() + 24 * HOUR)
    if not world.now() + HOUR // 2 <= expires_at <= world.now() + 24 * HOUR:
        message = "The `expires_at` timestamp must be between 30 minutes and 24 hours from Checkout Session creation."
        raise refused(message, param="expires_at")
    total = sum(line["amount_total"] for line in lines)
    session = shape.session(world.now(), params, total=total, email=email, expires_at=expires_at)
    session["url"] = f"{world.options.origin}/c/pay/{session['id']}"
    world.private(session["id"]).update(line_items=lines, subscription_data=params.get("subscription_data", {}))
    return world.add(session)


def _line(world: World, sent: dict[str, Any], path: str) -> Json:
    for name in ("price", "quantity"):
        if name not in sent:
            raise malformed(f"Missing required param: {path}[{name}].", code="parameter_missing", param=path)
    price = world.find("price", sent["price"], param=f"{path}[price]")
    if not price["active"]:
        message = "The price specified is inactive. This field only accepts active prices."
        raise refused(message, code="price_inactive", param=path)
    if price["type"] != "recurring":
        raise not_supported("one-time prices in a subscription")
    return shape.line(price, sent["quantity"], world.find("product", price["product"])["name"])


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
    return whole(world.private(identifier)["line_items"], f"/v1/checkout/sessions/{identifier}/line_items")


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
