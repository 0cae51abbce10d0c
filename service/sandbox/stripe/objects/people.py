"""Customers and their cards (docs.stripe.com/api/customers, docs.stripe.com/api/payment_methods)."""

from __future__ import annotations

import secrets
from typing import Any

from service.sandbox.stripe.ids import new_id
from service.sandbox.stripe.store import Json


def customer(now: int, sent: dict[str, Any]) -> Json:
    """Somebody who pays."""
    return {
        "id": new_id("customer"),
        "object": "customer",
        "address": None,
        "balance": 0,
        "created": now,
        "currency": None,
        "default_source": None,
        "delinquent": False,
        "description": sent.get("description"),
        "email": sent.get("email"),
        "invoice_prefix": secrets.token_hex(4).upper(),
        "invoice_settings": {
            "custom_fields": None,
            "default_payment_method": None,
            "footer": None,
            "rendering_options": None,
        },
        "livemode": False,
        "metadata": sent.get("metadata", {}),
        "name": sent.get("name"),
        "next_invoice_sequence": 1,
        "phone": sent.get("phone"),
        "preferred_locales": [],
        "shipping": None,
        "tax_exempt": "none",
        "test_clock": sent.get("test_clock"),
    }


def card(now: int, number: str, customer_id: str | None) -> Json:
    """A Visa card: the only brand the test page offers. The number itself is not kept."""
    return {
        "id": new_id("payment_method"),
        "object": "payment_method",
        "allow_redisplay": "limited",
        "billing_details": {"address": None, "email": None, "name": None, "phone": None, "tax_id": None},
        "card": {
            "brand": "visa",
            "checks": {"address_line1_check": None, "address_postal_code_check": None, "cvc_check": "pass"},
            "country": "US",
            "display_brand": "visa",
            "exp_month": 12,
            "exp_year": 2039,
            "fingerprint": f"standin{number[-4:]}",
            "funding": "credit",
            "generated_from": None,
            "last4": number[-4:],
            "networks": {"available": ["visa"], "preferred": None},
            "regulated_status": "unregulated",
            "three_d_secure_usage": {"supported": True},
            "wallet": None,
        },
        "created": now,
        "customer": customer_id,
        "livemode": False,
        "metadata": {},
        "type": "card",
    }
