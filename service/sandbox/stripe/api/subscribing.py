"""A new subscription (docs.stripe.com/api/subscriptions/create).

The service uses the hosted page instead; the tests that run against Stripe itself, where nobody presses a button, use
this.
"""

from __future__ import annotations

from typing import Any

from service.sandbox.stripe import discounts, subscribing
from service.sandbox.stripe.api.customers import owned
from service.sandbox.stripe.errors import malformed, not_supported, refused
from service.sandbox.stripe.params import METADATA
from service.sandbox.stripe.routing import route
from service.sandbox.stripe.store import Json
from service.sandbox.stripe.world import World


@route(
    "POST",
    "/v1/subscriptions",
    {
        "customer": str,
        "items": [{"price": str, "quantity": int}],
        "default_payment_method": str,
        "description": str,
        "discounts": [discounts.SENT],
        "metadata": METADATA,
        "off_session": bool,
        "payment_behavior": ("allow_incomplete", "error_if_incomplete"),
    },
    required=("customer", "items"),
    typed="SubscriptionCreateParams",
)
def create(world: World, params: dict[str, Any]) -> Json:
    """Begin now, charging a card that the customer already has."""
    customer = world.find("customer", params["customer"], param="customer")
    if card_id := params.get("default_payment_method"):
        owned(world, card_id, customer["id"], param="default_payment_method")
    elif not customer["invoice_settings"]["default_payment_method"]:
        raise refused(
            "This customer has no attached payment source or default payment method.", code="resource_missing"
        )
    lines = []
    for place, sent in enumerate(params["items"]):
        if "price" not in sent:
            raise malformed("Missing required param: items[0][price].", code="parameter_missing", param="items")
        price = world.find("price", sent["price"], param=f"items[{place}][price]")
        if price["type"] != "recurring":
            raise not_supported("one-time prices in a subscription")
        lines.append((price, sent.get("quantity", 1)))
    used = discounts.wanted(world, params.get("discounts", []), customer=customer["id"], subscription=None)
    strict = params.get("payment_behavior") == "error_if_incomplete"
    return subscribing.start(world, customer, lines, card_id=card_id, sent=params, used=used, strict=strict)
