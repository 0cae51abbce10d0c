"""Setup intents: a card saved for later without a charge (docs.stripe.com/api/setup_intents)."""

from __future__ import annotations

from typing import Any

from service.sandbox.stripe.ids import ALPHABET, new_id
from service.sandbox.stripe.store import Json


def setup_intent(now: int, customer_id: str, sent: dict[str, Any]) -> Json:
    """A card wanted from a customer."""
    identifier = new_id("setup_intent")
    return {
        "id": identifier,
        "object": "setup_intent",
        "application": None,
        "automatic_payment_methods": None,
        "cancellation_reason": None,
        "client_secret": f"{identifier}_secret_{ALPHABET[:10]}",
        "created": now,
        "customer": customer_id,
        "description": sent.get("description"),
        "flow_directions": None,
        "last_setup_error": None,
        "latest_attempt": None,
        "livemode": False,
        "mandate": None,
        "metadata": sent.get("metadata", {}),
        "next_action": None,
        "on_behalf_of": None,
        "payment_method": None,
        "payment_method_configuration_details": None,
        "payment_method_options": None,
        "payment_method_types": ["card"],
        "single_use_mandate": None,
        "status": "requires_payment_method",
        "usage": "off_session",
    }
