"""Payment intents, charges and refunds (docs.stripe.com/api/payment_intents, /charges, /refunds)."""

from __future__ import annotations

from typing import Any

from service.sandbox.stripe.ids import ALPHABET, new_id
from service.sandbox.stripe.store import Json


def payment_intent(now: int, amount: int, customer_id: str) -> Json:
    """Money wanted from a customer, in cents."""
    identifier = new_id("payment_intent")
    return {
        "id": identifier,
        "object": "payment_intent",
        "amount": amount,
        "amount_capturable": 0,
        "amount_received": 0,
        "application": None,
        "application_fee_amount": None,
        "automatic_payment_methods": None,
        "canceled_at": None,
        "cancellation_reason": None,
        "capture_method": "automatic",
        "client_secret": f"{identifier}_secret_{ALPHABET[:10]}",
        "confirmation_method": "automatic",
        "created": now,
        "currency": "usd",
        "customer": customer_id,
        "description": None,
        "last_payment_error": None,
        "latest_charge": None,
        "livemode": False,
        "metadata": {},
        "next_action": None,
        "on_behalf_of": None,
        "payment_method": None,
        "payment_method_types": ["card"],
        "processing": None,
        "receipt_email": None,
        "review": None,
        "setup_future_usage": "off_session",
        "shipping": None,
        "statement_descriptor": None,
        "status": "requires_payment_method",
        "transfer_data": None,
        "transfer_group": None,
    }


def charge(now: int, intent: Json, card: Json, *, failure: dict[str, Any] | None) -> Json:
    """One knock at the bank's door, answered with money or with `failure` (code, decline_code, message)."""
    amount, paid = intent["amount"], failure is None
    return {
        "id": new_id("charge"),
        "object": "charge",
        "amount": amount,
        "amount_captured": amount if paid else 0,
        "amount_refunded": 0,
        "application": None,
        "balance_transaction": None,
        "billing_details": card["billing_details"],
        "captured": paid,
        "created": now,
        "currency": "usd",
        "customer": intent["customer"],
        "description": None,
        "disputed": False,
        "failure_code": failure and failure["code"],
        "failure_message": failure and failure["message"],
        "fraud_details": {},
        "livemode": False,
        "metadata": {},
        "outcome": {
            "network_status": "approved_by_network" if paid else "declined_by_network",
            "reason": failure and failure["decline_code"],
            "risk_level": "normal",
            "seller_message": "Payment complete." if paid else "The bank did not approve the charge.",
            "type": "authorized" if paid else "issuer_declined",
        },
        "paid": paid,
        "payment_intent": intent["id"],
        "payment_method": card["id"],
        "receipt_email": None,
        "receipt_number": None,
        "receipt_url": None,
        "refunded": False,
        "status": "succeeded" if paid else "failed",
    }


def refund(now: int, charge: Json, amount: int, sent: dict[str, Any]) -> Json:
    """Money on its way back, in cents."""
    return {
        "id": new_id("refund"),
        "object": "refund",
        "amount": amount,
        "balance_transaction": None,
        "charge": charge["id"],
        "created": now,
        "currency": "usd",
        "destination_details": {"card": {"type": "refund"}, "type": "card"},
        "metadata": sent.get("metadata", {}),
        "payment_intent": charge["payment_intent"],
        "reason": sent.get("reason"),
        "receipt_number": None,
        "source_transfer_reversal": None,
        "status": "succeeded",
        "transfer_reversal": None,
    }
