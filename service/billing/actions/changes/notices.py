"""Notices of a price change that something else overtook."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from service.billing.models import Membership, PriceNotice


def overtake(session: Session, row: Membership, now: datetime) -> None:
    """Somebody chose a plan: what they were told about the price of the one before counts no more.

    One that was agreed to is overtaken too, so that it is not applied to another plan.
    """
    notices = select(PriceNotice).where(
        PriceNotice.membership_id == row.id,
        or_(PriceNotice.outcome.is_(None), PriceNotice.outcome == "agreed"),
        PriceNotice.applies_at > now,
    )
    for notice in session.scalars(notices.with_for_update()):
        notice.outcome, notice.settled_at = "overtaken", now


def revive(session: Session, row: Membership, now: datetime) -> None:
    """The plan stays after all: what was told about its price, and is still to come, waits for an answer again."""
    notices = select(PriceNotice).where(
        PriceNotice.membership_id == row.id, PriceNotice.outcome == "overtaken", PriceNotice.applies_at > now
    )
    for notice in session.scalars(notices.with_for_update()):
        notice.outcome = notice.settled_at = None
