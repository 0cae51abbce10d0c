"""Who is to be told of a price change, and which notices may be settled."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import and_, exists, func, not_, or_, select
from sqlalchemy.orm import Session

from service.billing.models import Membership, PriceNotice
from service.billing.queries.memberships import end_waits
from service.billing.rules import IN_CARE
from service.catalog.rules.changes import PriceChange

A_DAY = timedelta(days=1)  # the first day of a change begins earlier or later, where the patient lives
NEAR = timedelta(days=2)  # an unanswered notice is looked at from then on


def members_to_tell(session: Session, change: PriceChange, now: datetime, within: timedelta, limit: int) -> list[UUID]:
    """Members of the plan who pay less for it and were not told yet."""
    if now.date() < change.effective_on - within - A_DAY:
        return []
    plan = func.coalesce(Membership.next_plan, Membership.plan)
    price = func.coalesce(Membership.next_price_cents, Membership.price_cents)
    told = exists().where(PriceNotice.membership_id == Membership.id, PriceNotice.change_key == change.key)
    query = (
        select(Membership.id)
        .where(
            Membership.status.in_(IN_CARE),
            Membership.cancels_at_period_end.is_(False),
            not_(end_waits(Membership.id)),
            Membership.stripe_subscription_id.is_not(None),
            plan == change.plan,
            price < change.price_cents,
            not_(told),
        )
        .order_by(Membership.period_ends_at, Membership.id)
        .limit(limit)
    )
    return list(session.scalars(query))


def notices_to_settle(session: Session, now: datetime, limit: int) -> list[UUID]:
    """Unanswered notices whose charge is near or past; and what was agreed to, once the next charge is its first."""
    price = func.coalesce(Membership.next_price_cents, Membership.price_cents)
    query = (
        select(PriceNotice.id)
        .join(Membership, Membership.id == PriceNotice.membership_id)
        .where(
            or_(
                and_(
                    PriceNotice.outcome.is_(None),
                    or_(PriceNotice.applies_at <= now + NEAR, Membership.status == "ended"),
                ),
                and_(
                    PriceNotice.outcome == "agreed",
                    Membership.status.in_(IN_CARE),
                    Membership.cancels_at_period_end.is_(False),
                    price < PriceNotice.new_cents,
                    func.greatest(Membership.period_ends_at, Membership.collection_resumes_at)
                    >= PriceNotice.applies_at,
                ),
            ),
        )
        .order_by(PriceNotice.applies_at, PriceNotice.id)
        .limit(limit)
    )
    return list(session.scalars(query))


def ended_by_price(session: Session, membership_id: UUID) -> bool:
    """Is this membership ending because nobody agreed to a new price?"""
    ended = select(PriceNotice.id).where(PriceNotice.membership_id == membership_id, PriceNotice.outcome == "ended")
    return session.scalar(ended.limit(1)) is not None


def dearer_from(session: Session, row: Membership, now: datetime) -> datetime | None:
    """The first charge at a higher price that the patient agreed to, where it is the next one and not made yet.

    From the charge before it on, Stripe charges the new price for whatever it charges.
    """
    if row.period_ends_at is None:
        return None
    query = select(func.min(PriceNotice.applies_at)).where(
        PriceNotice.membership_id == row.id,
        PriceNotice.outcome == "agreed",
        PriceNotice.applies_at > now,
        PriceNotice.applies_at <= row.period_ends_at,
    )
    return session.scalar(query)
