"""What staff see of memberships and money: the list, one membership, and what waits for somebody."""

from __future__ import annotations

from service.billing.queries.desk.finding import find
from service.billing.queries.desk.listing import MANY, PAGE, Line, Listing, Place, listing
from service.billing.queries.desk.money import DisputeFacts, Given
from service.billing.queries.desk.one import Desk, desk
from service.billing.queries.desk.waiting import Failed, Waits, asks, failed_payments, given, open_disputes, waits

__all__ = [
    "MANY",
    "PAGE",
    "Desk",
    "DisputeFacts",
    "Failed",
    "Given",
    "Line",
    "Listing",
    "Place",
    "Waits",
    "asks",
    "desk",
    "failed_payments",
    "find",
    "given",
    "listing",
    "open_disputes",
    "waits",
]
