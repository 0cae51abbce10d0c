"""Stripe behind one small door: our words in and out."""

from __future__ import annotations

from service.billing.gateway.api import Gateway
from service.billing.gateway.facts import (
    Bug,
    CheckoutPage,
    Declined,
    DisputeFacts,
    InvoiceFacts,
    LineFacts,
    NeedsAction,
    NotGenuine,
    Notice,
    PartlyRead,
    Preview,
    Promotion,
    RefundFacts,
    SubscriptionFacts,
)

__all__ = [
    "Bug",
    "CheckoutPage",
    "Declined",
    "DisputeFacts",
    "Gateway",
    "InvoiceFacts",
    "LineFacts",
    "NeedsAction",
    "NotGenuine",
    "Notice",
    "PartlyRead",
    "Preview",
    "Promotion",
    "RefundFacts",
    "SubscriptionFacts",
]
