"""Ending a subscription now (docs.stripe.com/billing/subscriptions/cancel)."""

from __future__ import annotations

from typing import Any

from service.sandbox.stripe import standing
from service.sandbox.stripe.api.subscriptions.found import not_ended
from service.sandbox.stripe.errors import not_supported
from service.sandbox.stripe.params import Clearable
from service.sandbox.stripe.routing import route
from service.sandbox.stripe.store import Json
from service.sandbox.stripe.world import World

FEEDBACK = (
    "customer_service",
    "low_quality",
    "missing_features",
    "other",
    "switched_service",
    "too_complex",
    "too_expensive",
    "unused",
)
DETAILS = {"comment": Clearable(str), "feedback": Clearable(FEEDBACK)}


@route(
    "DELETE",
    "/v1/subscriptions/{identifier}",
    {"prorate": bool, "invoice_now": bool, "cancellation_details": DETAILS},
    typed="SubscriptionCancelParams",
)
def cancel(world: World, params: dict[str, Any], identifier: str) -> Json:
    """End it now and give nothing back: a refund is its own request (docs.stripe.com/billing/subscriptions/cancel)."""
    subscription = not_ended(world, identifier)
    if params.get("prorate") or params.get("invoice_now"):
        raise not_supported("prorate=true or invoice_now=true on cancel")
    details = params.get("cancellation_details")
    standing.cancel(world, subscription, reason="cancellation_requested", details=details)
    return subscription
