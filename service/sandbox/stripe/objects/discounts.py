"""Coupons, promotion codes, and discounts, which are coupons somebody redeemed (docs.stripe.com/api/discounts)."""

from __future__ import annotations

import secrets
from typing import Any

from service.sandbox.stripe.ids import ALPHABET, new_id
from service.sandbox.stripe.store import Json


def coupon(now: int, sent: dict[str, Any]) -> Json:
    """A reduction, in per cent or in cents."""
    return {
        "id": sent.get("id") or "".join(secrets.choice(ALPHABET) for _ in range(8)),
        "object": "coupon",
        "amount_off": sent.get("amount_off"),
        "created": now,
        "currency": sent.get("currency") if "amount_off" in sent else None,
        "duration": sent.get("duration", "once"),
        "duration_in_months": sent.get("duration_in_months"),
        "livemode": False,
        "max_redemptions": sent.get("max_redemptions"),
        "metadata": sent.get("metadata", {}),
        "name": sent.get("name"),
        "percent_off": sent.get("percent_off"),
        "redeem_by": sent.get("redeem_by"),
        "times_redeemed": 0,
        "valid": True,
    }


def promotion_code(now: int, sent: dict[str, Any]) -> Json:
    """Words a customer may type to get a coupon."""
    return {
        "id": new_id("promotion_code"),
        "object": "promotion_code",
        "active": sent.get("active", True),
        "code": sent.get("code") or "".join(secrets.choice(ALPHABET) for _ in range(8)).upper(),
        "created": now,
        "customer": sent.get("customer"),
        "expires_at": sent.get("expires_at"),
        "livemode": False,
        "max_redemptions": sent.get("max_redemptions"),
        "metadata": sent.get("metadata", {}),
        "promotion": {"coupon": sent["promotion"]["coupon"], "type": "coupon"},
        "restrictions": {
            "first_time_transaction": False,
            "minimum_amount": None,
            "minimum_amount_currency": None,
        },
        "times_redeemed": 0,
    }


def discount(
    now: int, coupon: Json, *, customer: str, code: str | None, end: int | None, subscription: str | None
) -> Json:
    """A coupon redeemed by a customer, from now until `end`."""
    return {
        "id": new_id("discount"),
        "object": "discount",
        "checkout_session": None,
        "customer": customer,
        "end": end,
        "invoice": None,
        "invoice_item": None,
        "promotion_code": code,
        "source": {"coupon": coupon["id"], "type": "coupon"},
        "start": now,
        "subscription": subscription,
        "subscription_item": None,
    }
