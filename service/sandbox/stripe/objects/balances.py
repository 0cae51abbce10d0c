"""The ledger of a customer's balance (docs.stripe.com/api/customer_balance_transactions)."""

from __future__ import annotations

from typing import Any

from service.sandbox.stripe.ids import new_id
from service.sandbox.stripe.store import Json


def transaction(now: int, customer: Json, amount: int, after: int, kind: str, sent: dict[str, Any]) -> Json:
    """One entry, in cents: below zero is a credit."""
    return {
        "id": new_id("customer_balance_transaction"),
        "object": "customer_balance_transaction",
        "amount": amount,
        "checkout_session": None,
        "created": now,
        "credit_note": None,
        "currency": "usd",
        "customer": customer["id"],
        "description": sent.get("description"),
        "ending_balance": after,
        "invoice": sent.get("invoice"),
        "livemode": False,
        "metadata": sent.get("metadata", {}),
        "type": kind,
    }
