"""Products and prices (docs.stripe.com/api/products, docs.stripe.com/api/prices)."""

from __future__ import annotations

from typing import Any

from service.sandbox.stripe.ids import new_id
from service.sandbox.stripe.store import Json


def product(now: int, sent: dict[str, Any]) -> Json:
    """Something sold."""
    return {
        "id": sent.get("id") or new_id("product"),
        "object": "product",
        "active": sent.get("active", True),
        "created": now,
        "default_price": None,
        "description": sent.get("description"),
        "images": [],
        "livemode": False,
        "marketing_features": [],
        "metadata": sent.get("metadata", {}),
        "name": sent["name"],
        "package_dimensions": None,
        "shippable": None,
        "statement_descriptor": sent.get("statement_descriptor"),
        "tax_code": None,
        "type": "service",
        "unit_label": None,
        "updated": now,
        "url": None,
    }


def price(now: int, sent: dict[str, Any], product_id: str) -> Json:
    """What it costs: whole cents, a month at a time unless said otherwise."""
    recurring = sent.get("recurring")
    return {
        "id": new_id("price"),
        "object": "price",
        "active": sent.get("active", True),
        "billing_scheme": "per_unit",
        "created": now,
        "currency": sent["currency"],
        "custom_unit_amount": None,
        "livemode": False,
        "lookup_key": sent.get("lookup_key"),
        "metadata": sent.get("metadata", {}),
        "nickname": sent.get("nickname"),
        "product": product_id,
        "recurring": recurring
        and {
            "interval": recurring["interval"],
            "interval_count": recurring.get("interval_count", 1),
            "meter": None,
            "trial_period_days": None,
            "usage_type": "licensed",
        },
        "tax_behavior": sent.get("tax_behavior", "unspecified"),
        "tiers_mode": None,
        "transform_quantity": None,
        "type": "recurring" if recurring else "one_time",
        "unit_amount": sent["unit_amount"],
        "unit_amount_decimal": str(sent["unit_amount"]),
    }


def plan(of: Json) -> Json:
    """The older name of a recurring price, still carried by every subscription item."""
    return {
        "id": of["id"],
        "object": "plan",
        "active": of["active"],
        "amount": of["unit_amount"],
        "amount_decimal": of["unit_amount_decimal"],
        "billing_scheme": "per_unit",
        "created": of["created"],
        "currency": of["currency"],
        "interval": of["recurring"]["interval"],
        "interval_count": of["recurring"]["interval_count"],
        "livemode": False,
        "metadata": of["metadata"],
        "meter": None,
        "nickname": of["nickname"],
        "product": of["product"],
        "tiers_mode": None,
        "transform_usage": None,
        "trial_period_days": None,
        "usage_type": "licensed",
    }
