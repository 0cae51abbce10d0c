"""What the gate answered, what Stripe says is true and what money moved, inside the caller's transaction."""

from __future__ import annotations

from service.billing.writes import refunds
from service.billing.writes.agreements import keep_agreement
from service.billing.writes.invoices import SHOWN, keep_invoice, shown
from service.billing.writes.ledger import book
from service.billing.writes.memberships import (
    ask_gate,
    end_unpaid,
    live_membership,
    lock_object,
    locked_membership,
    locking,
    mark_compared,
    next_attempt_number,
    take_over,
)

__all__ = [
    "SHOWN",
    "ask_gate",
    "book",
    "end_unpaid",
    "keep_agreement",
    "keep_invoice",
    "live_membership",
    "lock_object",
    "locked_membership",
    "locking",
    "mark_compared",
    "next_attempt_number",
    "refunds",
    "shown",
    "take_over",
]
