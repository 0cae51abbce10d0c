"""What other domains may ask about memberships and charges."""

from __future__ import annotations

from service.billing.queries.due import (
    Renewal,
    happened,
    has_membership,
    known_events,
    live_subscriptions,
    next_due_at,
    open_pages,
    parked_count,
    renewals,
    waiting_events,
)
from service.billing.queries.gate import charge_facts, was_asked
from service.billing.queries.memberships import (
    ActiveMembership,
    MembershipCard,
    Receipt,
    active_memberships,
    checkout_owner,
    live_enrollment,
    membership_of,
    receipts,
)

__all__ = [
    "ActiveMembership",
    "MembershipCard",
    "Receipt",
    "Renewal",
    "active_memberships",
    "charge_facts",
    "checkout_owner",
    "happened",
    "has_membership",
    "known_events",
    "live_enrollment",
    "live_subscriptions",
    "membership_of",
    "next_due_at",
    "open_pages",
    "parked_count",
    "receipts",
    "renewals",
    "waiting_events",
    "was_asked",
]
