"""What the watch reads: our side of a comparison, the inbox, the differences, and how far behind anything is."""

from __future__ import annotations

from service.billing.queries.watching.ours import (
    OurCharge,
    Ours,
    charges_of,
    given_back,
    live_after,
    of_memberships,
    of_subscriptions,
    on_its_way,
    payments_known,
    sums_after,
)
from service.billing.queries.watching.runs import (
    began_at,
    last_hourly_at,
    last_nightly_at,
    nightly_of,
    unfinished_hourly,
)

__all__ = [
    "OurCharge",
    "Ours",
    "began_at",
    "charges_of",
    "given_back",
    "last_hourly_at",
    "last_nightly_at",
    "live_after",
    "nightly_of",
    "of_memberships",
    "of_subscriptions",
    "on_its_way",
    "payments_known",
    "sums_after",
    "unfinished_hourly",
]
