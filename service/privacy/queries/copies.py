"""The copies of a patient, and those that staff must know of."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from service.privacy.models import DataExport


@dataclass(frozen=True, slots=True)
class Copy:
    """A copy as its owner's page lists it. Sizes are in bytes."""

    id: UUID
    status: str
    asked_at: datetime
    ready_at: datetime | None
    expires_at: datetime | None
    json_size: int
    pdf_size: int

    def is_there(self, wall_now: datetime) -> bool:
        """May it be downloaded?"""
        return self.status == "ready" and self.expires_at is not None and wall_now < self.expires_at


def copies_of(session: Session, patient_id: UUID, limit: int = 10) -> list[Copy]:
    """A patient's copies, the latest first."""
    rows = session.execute(
        select(
            DataExport.id,
            DataExport.status,
            DataExport.asked_at,
            DataExport.ready_at,
            DataExport.expires_at,
            func.coalesce(func.octet_length(DataExport.json_sealed), 0),
            func.coalesce(func.octet_length(DataExport.pdf_sealed), 0),
        )
        .where(DataExport.patient_id == patient_id)
        .order_by(DataExport.asked_at.desc(), DataExport.id.desc())
        .limit(limit)
    )
    return [Copy(*row) for row in rows]


def waiting(session: Session, wall_now: datetime, limit: int) -> list[UUID]:
    """Copies that somebody asked for and nobody is making, the longest-waiting first; given up ones too."""
    free = or_(DataExport.claimed_until.is_(None), DataExport.claimed_until <= wall_now)
    query = select(DataExport.id).where(DataExport.status == "asked", free).order_by(DataExport.asked_at)
    return list(session.scalars(query.limit(limit)))


def unfinished(session: Session, limit: int = 50) -> list[tuple[UUID, str, datetime]]:
    """(patient, status, asked at) of copies that failed or were tried in vain, the latest first: for staff."""
    rows = session.execute(
        select(DataExport.patient_id, DataExport.status, DataExport.asked_at)
        .where(or_(DataExport.status == "failed", (DataExport.status == "asked") & (DataExport.attempts > 1)))
        .order_by(DataExport.asked_at.desc())
        .limit(limit)
    )
    return [(row.patient_id, row.status, row.asked_at) for row in rows]
