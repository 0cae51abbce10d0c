"""Where we and Stripe differ, for staff: a page at a time, the newest first."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from service.billing.models import Comparison, Drift, Membership


@dataclass(frozen=True, slots=True)
class Line:
    """One difference. `membership_id`: whose, where it is one of ours."""

    id: UUID
    membership_id: UUID | None
    object_id: str
    field: str
    ours: str | None
    theirs: str | None
    found_at: datetime
    settled_at: datetime | None
    settled_by: UUID | None
    how: str | None
    reason: str | None


@dataclass(frozen=True, slots=True)
class Run:
    """The latest comparison of a night: when it began, whether it is done, and what it saw."""

    started_at: datetime
    finished_at: datetime | None
    seen: int
    differing: int
    failed: int


_COLUMNS = (
    Drift.id,
    Drift.membership_id,
    Drift.object_id,
    Drift.field,
    Drift.ours,
    Drift.theirs,
    Drift.found_at,
    Drift.settled_at,
    Drift.settled_by,
    Drift.how,
    Drift.reason,
)


def lines(
    session: Session, *, is_open: bool, field: str | None = None, before: UUID | None = None, limit: int
) -> list[Line]:
    """Up to `limit` differences before one of them. Ids grow with time."""
    query = select(*_COLUMNS).where(Drift.settled_at.is_(None) if is_open else Drift.settled_at.is_not(None))
    if field is not None:
        query = query.where(Drift.field == field)
    if before is not None:
        query = query.where(Drift.id < before)
    rows: Any = session.execute(query.order_by(Drift.id.desc()).limit(limit))
    return [Line(*row) for row in rows]


def line(session: Session, drift_id: UUID) -> Line | None:
    """One of them."""
    row: Any = session.execute(select(*_COLUMNS).where(Drift.id == drift_id)).one_or_none()
    return None if row is None else Line(*row)


def oldest_open(session: Session, field: str, limit: int) -> list[UUID]:
    """The open ones of a kind, the oldest first."""
    query = select(Drift.id).where(Drift.settled_at.is_(None), Drift.field == field)
    return list(session.scalars(query.order_by(Drift.id).limit(limit)))


def open_by_field(session: Session) -> dict[str, int]:
    """How many are open of each kind."""
    rows: Any = session.execute(
        select(Drift.field, func.count()).where(Drift.settled_at.is_(None)).group_by(Drift.field)
    )
    return {field: int(count) for field, count in rows}


def open_fields(session: Session, object_id: str) -> set[str]:
    """The fields of one object that differ in the report."""
    return set(session.scalars(select(Drift.field).where(Drift.settled_at.is_(None), Drift.object_id == object_id)))


def latest_run(session: Session) -> Run | None:
    """Last night's comparison, or tonight's."""
    row: Any = session.execute(
        select(Comparison.started_at, Comparison.finished_at, Comparison.seen, Comparison.differing, Comparison.failed)
        .where(Comparison.kind == "nightly")
        .order_by(Comparison.day.desc())
        .limit(1)
    ).one_or_none()
    return None if row is None else Run(*row)


def dismissed(session: Session, object_ids: Collection[str]) -> set[tuple[str, str, str | None, str | None]]:
    """(object, field, ours, theirs) that somebody has looked at and let be."""
    rows: Any = session.execute(
        select(Drift.object_id, Drift.field, Drift.ours, Drift.theirs).where(
            Drift.object_id.in_(object_ids), Drift.how == "dismissed"
        )
    )
    return {tuple(row) for row in rows}


def patient_of(session: Session, membership_id: UUID | None) -> UUID | None:
    """Whose membership it is."""
    if membership_id is None:
        return None
    return session.scalar(select(Membership.patient_id).where(Membership.id == membership_id))
