"""Opening a Checkout Session: to subscribe, or to save a card (docs.stripe.com/api/checkout/sessions/create)."""

from __future__ import annotations

from typing import Any

from service.sandbox.stripe import checkout, discounts
from service.sandbox.stripe.errors import malformed, not_supported, refused
from service.sandbox.stripe.objects import checkout as shape
from service.sandbox.stripe.objects.setup import setup_intent
from service.sandbox.stripe.params import METADATA
from service.sandbox.stripe.routing import route
from service.sandbox.stripe.store import Json
from service.sandbox.stripe.world import World

HOUR = 3600
#: What only one of the two modes understands.
ONLY = {
    "subscription": (
        *("line_items", "subscription_data", "discounts", "allow_promotion_codes", "customer_email"),
        "payment_method_collection",
    ),
    "setup": ("setup_intent_data", "currency"),
}


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
        "currency": ("usd",),
        "line_items": [{"price": str, "quantity": int}],
        "subscription_data": {"metadata": METADATA, "description": str},
        "setup_intent_data": {"metadata": METADATA, "description": str},
        "discounts": [{"coupon": str, "promotion_code": str}],
        "metadata": METADATA,
        "expires_at": int,
        "locale": str,
        "allow_promotion_codes": bool,
        "billing_address_collection": ("auto", "required"),
        "payment_method_collection": ("always", "if_required"),
    },
    required=("mode", "success_url"),
    typed="checkout.SessionCreateParams",
)
def create(world: World, params: dict[str, Any]) -> Json:
    """Open a page. `payment_method_types` is gone in this version, so it is refused like any unknown name."""
    mode = params["mode"]
    if mode not in ONLY:
        raise not_supported(f"Checkout in mode={mode}")
    for name in (one for other, names in ONLY.items() if other != mode for one in names):
        if name in params and (mode, name) != ("subscription", "currency"):
            message = f"You can not pass `{name}` in `{mode}` mode."
            raise malformed(message, code="parameter_unknown", param=name)
    if "customer" in params and "customer_email" in params:
        message = "You may only specify one of these parameters: customer, customer_email."
        raise malformed(message, code="parameter_invalid_string", param="customer_email")
    expires_at = params.get("expires_at", world.now() + 24 * HOUR)
    if not world.now() + HOUR // 2 <= expires_at <= world.now() + 24 * HOUR:
        message = "The `expires_at` timestamp must be between 30 minutes and 24 hours from Checkout Session creation."
        raise refused(message, param="expires_at")
    session = (_to_subscribe if mode == "subscription" else _to_save_a_card)(world, params, expires_at)
    session["url"] = f"{world.options.origin}/c/pay/{session['id']}"
    return world.add(session)


def _to_subscribe(world: World, params: dict[str, Any], expires_at: int) -> Json:
    if "line_items" not in params:
        raise malformed("Missing required param: line_items.", code="parameter_missing", param="line_items")
    sent = params.get("discounts", [])
    if len(sent) > 1 or (sent and "allow_promotion_codes" in params):
        message = "You may only specify one discount, and none together with allow_promotion_codes."
        raise malformed(message, code="parameter_invalid_string", param="discounts")
    email = params.get("customer_email")
    if "customer" in params:
        email = world.find("customer", params["customer"], param="customer")["email"]
    lines = [_line(world, line, f"line_items[{place}]") for place, line in enumerate(params["line_items"])]
    session = shape.session(world.now(), params, email=email, expires_at=expires_at)
    # Named now, so that a code that cannot be used is refused now; redeemed when somebody pays.
    discounts.wanted(world, sent, customer=params.get("customer", ""), subscription=None)
    world.private(session["id"]).update(line_items=lines, subscription_data=params.get("subscription_data", {}))
    checkout.reckon(world, session, sent)
    return session


def _to_save_a_card(world: World, params: dict[str, Any], expires_at: int) -> Json:
    """docs.stripe.com/payments/checkout/subscriptions/update-payment-details."""
    for name in ("currency", "customer"):
        if name not in params:
            raise malformed(f"Missing required param: {name}.", code="parameter_missing", param=name)
    customer = world.find("customer", params["customer"], param="customer")
    intent = setup_intent(world.now(), customer["id"], params.get("setup_intent_data", {}))
    world.add(intent, "setup_intent.created")
    session = shape.session(world.now(), params, email=customer["email"], expires_at=expires_at)
    nothing = {"amount_subtotal": None, "amount_total": None, "total_details": None}
    session |= {**nothing, "setup_intent": intent["id"], "payment_status": "no_payment_required"}
    return session


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
    if sent["quantity"] < 1:
        raise malformed("Invalid positive integer", code="parameter_invalid_integer", param=f"{path}[quantity]")
    return shape.line(price, sent["quantity"], world.find("product", price["product"])["name"])
