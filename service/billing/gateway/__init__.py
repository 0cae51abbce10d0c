"""Stripe behind one small door: our words in and out."""

from __future__ import annotations

from service.billing.gateway.api import Gateway
from service.billing.gateway.facts import (
    Bug,
    CheckoutPage,
    Declined,
    InvoiceFacts,
    NeedsAction,
    NotGenuine,
    Notice,
    SubscriptionFacts,
)

__all__ = [
    "Bug",
    "CheckoutPage",
    "Declined",
    "Gateway",
    "InvoiceFacts",
    "NeedsAction",
    "NotGenuine",
    "Notice",
    "SubscriptionFacts",
]
