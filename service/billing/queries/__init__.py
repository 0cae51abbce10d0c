"""What other domains may ask about memberships and charges."""

from __future__ import annotations

from service.billing.queries.attention import NeedsPerson, needing_a_person
from service.billing.queries.due import (
    OpenAttempt,
    Renewal,
    happened,
    live_subscriptions,
    next_due_at,
    open_attempts,
    open_pages,
    open_pages_of,
    parked_count,
    renewals,
    subscription_of,
    unheard_wishes,
    waiting_events,
)
from service.billing.queries.gate import Start, charge_facts, start_of
from service.billing.queries.memberships import (
    CARD_OF_PATIENT,
    ActiveMembership,
    MembershipCard,
    Receipt,
    active_memberships,
    checkout_owner,
    has_membership,
    live_enrollment,
    membership_of,
    receipts_of,
)

__all__ = [
    "CARD_OF_PATIENT",
    "ActiveMembership",
    "MembershipCard",
    "NeedsPerson",
    "OpenAttempt",
    "Receipt",
    "Renewal",
    "Start",
    "active_memberships",
    "charge_facts",
    "checkout_owner",
    "happened",
    "has_membership",
    "live_enrollment",
    "live_subscriptions",
    "membership_of",
    "needing_a_person",
    "next_due_at",
    "open_attempts",
    "open_pages",
    "open_pages_of",
    "parked_count",
    "receipts_of",
    "renewals",
    "start_of",
    "subscription_of",
    "unheard_wishes",
    "waiting_events",
]
