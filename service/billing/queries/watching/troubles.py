"""What somebody is to be called about: messages that wait too long or need a person."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import and_, exists, or_, select, update
from sqlalchemy.orm import Session

from service.billing.models import Comparison, Drift, StripeEvent
from service.safety.models import Alert

MOST = 500


def uncalled(session: Session, late_since: datetime) -> list[UUID]:
    """Messages that are parked, or wait since before that moment, about which nobody was called yet."""
    parked = and_(StripeEvent.parked_at.is_not(None), StripeEvent.handled_at.is_(None))
    late = and_(StripeEvent.handled_at.is_(None), StripeEvent.parked_at.is_(None), StripeEvent.received_at < late_since)
    query = select(StripeEvent.id).where(or_(parked, late), StripeEvent.called_at.is_(None))
    return list(session.scalars(query.order_by(StripeEvent.id).limit(MOST)))


def mark_called(session: Session, ids: list[UUID], wall_now: datetime) -> None:
    """Somebody is called about these."""
    session.execute(update(StripeEvent).where(StripeEvent.id.in_(ids)).values(called_at=wall_now))


def is_open(session: Session, code: str) -> bool:
    """Is somebody called about this already, and has not looked?"""
    return bool(session.scalar(select(exists().where(Alert.code == code, Alert.acknowledged_at.is_(None)))))


def was_called(session: Session, code: str, source_id: UUID) -> bool:
    """Was somebody ever called about this?"""
    return bool(session.scalar(select(exists().where(Alert.code == code, Alert.source_id == source_id))))


def run_with_open_drift(session: Session) -> UUID | None:
    """The latest comparison of a night that found what is still open."""
    rows: Any = session.scalar(
        select(Comparison.id)
        .where(
            Comparison.kind == "nightly",
            Comparison.finished_at.is_not(None),
            exists().where(Drift.comparison_id == Comparison.id, Drift.settled_at.is_(None)),
        )
        .order_by(Comparison.started_at.desc())
        .limit(1)
    )
    return rows if isinstance(rows, UUID) else None
