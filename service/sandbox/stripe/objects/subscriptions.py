"""Subscriptions and their items (docs.stripe.com/api/subscriptions). Periods live on the items, billing is flexible."""

from __future__ import annotations

from typing import Any

from service.sandbox.stripe.ids import new_id
from service.sandbox.stripe.listing import whole
from service.sandbox.stripe.objects.catalogue import plan
from service.sandbox.stripe.store import Json


def subscription(
    now: int, customer_id: str, lines: list[tuple[Json, int]], *, until: int, card_id: str, sent: dict[str, Any]
) -> Json:
    """A running subscription to (price, quantity) lines, its first period ending at `until`."""
    identifier = new_id("subscription")
    items = [_item(now, identifier, price, quantity, until) for price, quantity in lines]
    return {
        "id": identifier,
        "object": "subscription",
        "application": None,
        "application_fee_percent": None,
        "automatic_tax": {"disabled_reason": None, "enabled": False, "liability": None},
        "billing_cycle_anchor": now,
        "billing_cycle_anchor_config": None,
        "billing_mode": {"flexible": {"proration_discounts": "included"}, "type": "flexible", "updated_at": now},
        "billing_schedules": [],
        "billing_thresholds": None,
        "cancel_at": None,
        "cancel_at_period_end": False,
        "canceled_at": None,
        "cancellation_details": {"comment": None, "feedback": None, "feedback_option": None, "reason": None},
        "collection_method": "charge_automatically",
        "created": now,
        "currency": "usd",
        "customer": customer_id,
        "days_until_due": None,
        "default_payment_method": card_id,
        "default_source": None,
        "default_tax_rates": [],
        "description": sent.get("description"),
        "discounts": [],
        "ended_at": None,
        "invoice_settings": {"account_tax_ids": None, "issuer": {"type": "self"}},
        "items": whole(items, f"/v1/subscription_items?subscription={identifier}"),
        "latest_invoice": None,
        "livemode": False,
        "metadata": sent.get("metadata", {}),
        "next_pending_invoice_item_invoice": None,
        "on_behalf_of": None,
        "pause_collection": None,
        "payment_settings": {
            "payment_method_options": None,
            "payment_method_types": None,
            "save_default_payment_method": "off",
        },
        "pending_invoice_item_interval": None,
        "pending_setup_intent": None,
        "pending_update": None,
        "schedule": None,
        "start_date": now,
        "status": "active",
        "status_details": None,
        "test_clock": None,
        "transfer_data": None,
        "trial_end": None,
        "trial_settings": {"end_behavior": {"missing_payment_method": "create_invoice"}},
        "trial_start": None,
    }


def _item(now: int, subscription_id: str, price: Json, quantity: int, until: int) -> Json:
    return {
        "id": new_id("subscription_item"),
        "object": "subscription_item",
        "billing_thresholds": None,
        "created": now,
        "current_period_end": until,
        "current_period_start": now,
        "discounts": [],
        "metadata": {},
        "plan": plan(price),
        "price": price,
        "quantity": quantity,
        "subscription": subscription_id,
        "tax_rates": [],
    }


def period(of: Json) -> tuple[int, int]:
    """Start and end of the current period: every item of ours shares it."""
    first = of["items"]["data"][0]
    return first["current_period_start"], first["current_period_end"]
