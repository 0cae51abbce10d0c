"""Comparisons that ran, run, or should have run."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from service.billing.models import Comparison, Membership
from service.billing.rules import LIVE


def nightly_of(session: Session, day: date) -> Comparison | None:
    """The comparison of one night."""
    return session.scalars(select(Comparison).where(Comparison.day == day)).one_or_none()


def unfinished_hourly(session: Session) -> Comparison | None:
    """The latest reading of Stripe's messages that was broken off."""
    query = select(Comparison).where(Comparison.kind == "hourly", Comparison.finished_at.is_(None))
    return session.scalars(query.order_by(Comparison.started_at.desc()).limit(1)).one_or_none()


def last_hourly_at(session: Session) -> datetime | None:
    """The watermark: everything Stripe told before this moment was read."""
    return session.scalar(
        select(func.max(Comparison.started_at)).where(Comparison.kind == "hourly", Comparison.finished_at.is_not(None))
    )


def last_nightly_at(session: Session) -> datetime | None:
    """When the latest comparison of everything that ran to its end began."""
    return session.scalar(
        select(func.max(Comparison.started_at)).where(Comparison.kind == "nightly", Comparison.finished_at.is_not(None))
    )


def began_at(session: Session) -> datetime | None:
    """Since when there is anything to compare: when the oldest of our live memberships began."""
    return session.scalar(
        select(Membership.activated_at)
        .where(
            Membership.status.in_(LIVE),
            Membership.stripe_subscription_id.is_not(None),
            Membership.activated_at.is_not(None),
        )
        .order_by(Membership.id)
        .limit(1)
    )
