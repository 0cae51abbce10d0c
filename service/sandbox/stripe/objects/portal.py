"""The customer portal: what it allows, and one visit to it (docs.stripe.com/api/customer_portal)."""

from __future__ import annotations

from typing import Any

from service.sandbox.stripe.ids import new_id
from service.sandbox.stripe.store import Json


def configuration(now: int, sent: dict[str, Any], *, is_default: bool) -> Json:
    """What a customer may do there; nothing that is not named."""
    features = sent.get("features", {})
    cancel = features.get("subscription_cancel", {})
    return {
        "id": new_id("billing_portal.configuration"),
        "object": "billing_portal.configuration",
        "active": True,
        "application": None,
        "business_profile": {
            "headline": sent.get("business_profile", {}).get("headline"),
            "privacy_policy_url": None,
            "terms_of_service_url": None,
        },
        "created": now,
        "default_return_url": sent.get("default_return_url"),
        "features": {
            "customer_update": {"allowed_updates": [], "enabled": False},
            "invoice_history": {"enabled": False},
            "payment_method_update": {
                "enabled": features.get("payment_method_update", {}).get("enabled", False),
                "payment_method_configuration": None,
            },
            "subscription_cancel": {
                "cancellation_reason": {"enabled": False, "feedback_options": None, "options": []},
                "enabled": cancel.get("enabled", False),
                "mode": cancel.get("mode", "at_period_end"),
                "proration_behavior": "none",
            },
            "subscription_pause": {"duration": {"interval_options": [], "type": "indefinite"}, "enabled": False},
            "subscription_update": {
                "billing_cycle_anchor": None,
                "default_allowed_updates": [],
                "enabled": False,
                "products": None,
                "proration_behavior": "none",
                "schedule_at_period_end": {"conditions": []},
                "trial_update_behavior": "end_trial",
            },
        },
        "is_default": is_default,
        "livemode": False,
        "login_page": {"enabled": False, "url": None},
        "metadata": sent.get("metadata", {}),
        "name": sent.get("name"),
        "updated": now,
    }


def session(now: int, sent: dict[str, Any], *, configuration: str, origin: str, back: str | None) -> Json:
    """A visit by one customer, by an address that only they are given."""
    identifier = new_id("billing_portal.session")
    return {
        "id": identifier,
        "object": "billing_portal.session",
        "configuration": configuration,
        "created": now,
        "customer": sent["customer"],
        "flow": None,
        "livemode": False,
        "locale": sent.get("locale"),
        "on_behalf_of": None,
        "return_url": back,
        "url": f"{origin}/c/portal/{identifier}",
    }
