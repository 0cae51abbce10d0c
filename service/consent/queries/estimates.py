"""Estimates that a patient was given."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from service.consent.models import GoodFaithEstimate
from service.kit import crypto


@dataclass(frozen=True, slots=True)
class Estimate:
    """A good faith estimate as it was given. `text` is Markdown, word for word; money in cents."""

    id: UUID
    occasion: str
    first_on: date
    last_on: date
    total_cents: int
    text: str
    sha256: str
    issued_at: datetime


def estimates(session: Session, patient_id: UUID) -> list[Estimate]:
    """Every estimate of a patient, the newest first."""
    rows = session.scalars(
        select(GoodFaithEstimate)
        .where(GoodFaithEstimate.patient_id == patient_id)
        .order_by(GoodFaithEstimate.issued_at.desc(), GoodFaithEstimate.id.desc())
    )
    return [_opened(row) for row in rows]


def estimate(session: Session, patient_id: UUID, estimate_id: UUID) -> Estimate | None:
    """One estimate of that patient, or None where it is somebody else's or nobody's."""
    row = session.get(GoodFaithEstimate, estimate_id)
    return _opened(row) if row is not None and row.patient_id == patient_id else None


def _opened(row: GoodFaithEstimate) -> Estimate:
    return Estimate(
        id=row.id,
        occasion=row.occasion,
        first_on=row.first_on,
        last_on=row.last_on,
        total_cents=row.total_cents,
        text=crypto.unseal(row.body_sealed, "good_faith_estimates", "body", row.id),
        sha256=row.sha256,
        issued_at=row.issued_at,
    )
