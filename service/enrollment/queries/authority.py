"""Whose care rests on the federal telemedicine authority alone."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from service.accounts.models import Patient
from service.enrollment.models import Enrollment
from service.safety.models import Alert
from service.visits.models import Encounter

IN_CARE = ("decided", "approved", "consented", "active")


def without_exam(session: Session, code: str, since: datetime, limit: int) -> list[tuple[UUID, UUID]]:
    """Enrollment and patient of those in care whom no clinician has examined in person, and about whom no alert of
    `code` was raised since then; the oldest first.
    """
    rows = session.execute(
        select(Enrollment.id, Enrollment.patient_id)
        .join(Patient, Patient.id == Enrollment.patient_id)
        .where(
            Enrollment.status.in_(IN_CARE),
            Patient.closed_at.is_(None),
            ~exists().where(Encounter.patient_id == Enrollment.patient_id, Encounter.in_person_exam_on.is_not(None)),
            ~exists().where(Alert.source_id == Enrollment.id, Alert.code == code, Alert.raised_at >= since),
        )
        .order_by(Enrollment.created_at, Enrollment.id)
        .limit(limit)
    )
    return [(row.id, row.patient_id) for row in rows]
