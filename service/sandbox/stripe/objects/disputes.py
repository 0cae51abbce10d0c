"""Disputes (docs.stripe.com/api/disputes)."""

from __future__ import annotations

from service.sandbox.stripe.ids import new_id
from service.sandbox.stripe.store import Json

#: docs.stripe.com/disputes/categories: Visa's code for a reason.
CODES = {"fraudulent": "10.4", "product_not_received": "13.1", "duplicate": "12.6", "subscription_canceled": "13.2"}
EVIDENCE = (
    *("access_activity_log", "billing_address", "cancellation_policy", "cancellation_policy_disclosure"),
    *("cancellation_rebuttal", "customer_communication", "customer_email_address", "customer_name"),
    *("customer_purchase_ip", "customer_signature", "duplicate_charge_documentation", "duplicate_charge_explanation"),
    *("duplicate_charge_id", "product_description", "receipt", "refund_policy", "refund_policy_disclosure"),
    *("refund_refusal_explanation", "service_date", "service_documentation", "shipping_address", "shipping_carrier"),
    *("shipping_date", "shipping_documentation", "shipping_tracking_number", "uncategorized_file"),
    "uncategorized_text",
)


def dispute(now: int, charge: Json, reason: str, *, due_by: int) -> Json:
    """A payer's bank takes a charge back, all of it; evidence is awaited until `due_by`."""
    code = CODES.get(reason)
    return {
        "id": new_id("dispute"),
        "object": "dispute",
        "amount": charge["amount"],
        "balance_transactions": [],
        "charge": charge["id"],
        "created": now,
        "currency": charge["currency"],
        "enhanced_eligibility_types": [],
        "evidence": {**dict.fromkeys(EVIDENCE), "enhanced_evidence": {}},
        "evidence_details": {
            "due_by": due_by,
            "enhanced_eligibility": {},
            "has_evidence": False,
            "past_due": False,
            "submission_count": 0,
            "submission_method": "not_submitted",
        },
        "is_charge_refundable": False,
        "livemode": False,
        "metadata": {},
        "network_reason_code": code,
        "payment_intent": charge["payment_intent"],
        "payment_method_details": {
            "card": {"brand": "visa", "case_type": "chargeback", "network": "visa", "network_reason_code": code},
            "type": "card",
        },
        "reason": reason,
        "status": "needs_response",
    }
