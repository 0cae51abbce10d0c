"""What other domains may ask about memberships and charges."""

from __future__ import annotations

from service.billing.queries.attention import NeedsPerson, needing_a_person
from service.billing.queries.changes import (
    Changes,
    History,
    NewPrice,
    Offer,
    changes_of,
    history,
    new_price,
    running,
)
from service.billing.queries.desk.waiting import Waits, waits
from service.billing.queries.due import (
    TOLD_BY_ID,
    OpenAttempt,
    Renewal,
    happened,
    live_subscriptions,
    next_due_at,
    open_attempts,
    open_pages,
    open_pages_of,
    renewals,
    subscription_of,
    unheard,
    unheard_wishes,
    waiting_events,
)
from service.billing.queries.gate import Start, charge_facts, start_of
from service.billing.queries.memberships import (
    CARD_OF_PATIENT,
    ActiveMembership,
    MembershipCard,
    active_memberships,
    checkout_owner,
    has_membership,
    live_enrollment,
    membership_of,
)
from service.billing.queries.prices import dearer_from, ended_by_price, members_to_tell, notices_to_settle

__all__ = [
    "CARD_OF_PATIENT",
    "TOLD_BY_ID",
    "ActiveMembership",
    "Changes",
    "History",
    "MembershipCard",
    "NeedsPerson",
    "NewPrice",
    "Offer",
    "OpenAttempt",
    "Renewal",
    "Start",
    "Waits",
    "active_memberships",
    "changes_of",
    "charge_facts",
    "checkout_owner",
    "dearer_from",
    "ended_by_price",
    "happened",
    "has_membership",
    "history",
    "live_enrollment",
    "live_subscriptions",
    "members_to_tell",
    "membership_of",
    "needing_a_person",
    "new_price",
    "next_due_at",
    "notices_to_settle",
    "open_attempts",
    "open_pages",
    "open_pages_of",
    "renewals",
    "running",
    "start_of",
    "subscription_of",
    "unheard",
    "unheard_wishes",
    "waiting_events",
    "waits",
]
