"""Which notices of a price change still concern somebody who chose a plan."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from service.billing.models import Membership, PriceNotice
from service.catalog.rules.whole import Catalog


def turn_to(session: Session, row: Membership, plan: str, price_cents: int, catalog: Catalog, now: datetime) -> None:
    """From the next charge on it is this plan at this price: what was told about another plan's counts no more.

    One that was agreed to is overtaken too, so that it is not applied to another plan. One about this plan that had
    been overtaken, and is still to come, waits for an answer again.
    """
    about = {change.key: change.plan for change in catalog.price_changes}
    notices = select(PriceNotice).where(PriceNotice.membership_id == row.id, PriceNotice.applies_at > now)
    for notice in session.scalars(notices.with_for_update()):
        if about.get(notice.change_key) != plan or notice.new_cents <= price_cents:
            if notice.outcome in (None, "agreed"):
                notice.outcome, notice.settled_at = "overtaken", now
        elif notice.outcome == "overtaken":
            notice.outcome = notice.settled_at = None
