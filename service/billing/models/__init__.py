"""Billing's tables."""

from __future__ import annotations

from service.billing.models.memberships import Agreement, Cancellation, Checkout, Intent, Membership, PriceNotice
from service.billing.models.money import Credit, Dispute, Invoice, InvoiceLine, LedgerEntry, MembershipNote, Refund
from service.billing.models.watching import Comparison, Drift, GateRecord, MoneyMonth, StripeEvent

__all__ = [
    "Agreement",
    "Cancellation",
    "Checkout",
    "Comparison",
    "Credit",
    "Dispute",
    "Drift",
    "GateRecord",
    "Intent",
    "Invoice",
    "InvoiceLine",
    "LedgerEntry",
    "Membership",
    "MembershipNote",
    "MoneyMonth",
    "PriceNotice",
    "Refund",
    "StripeEvent",
]
