"""What patients told about sex, race and ethnicity. For themselves, and for reports without names."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from service.accounts.models import Patient
from service.accounts.rules.demographics import Demographics
from service.kit import crypto


def demographics(session: Session, patient_id: UUID) -> Demographics:
    """What one patient told; empty where they told nothing."""
    return demographics_of(session, [patient_id]).get(patient_id, Demographics())


def demographics_of(session: Session, patient_ids: Collection[UUID]) -> dict[UUID, Demographics]:
    """What several patients told, in one statement; whoever told nothing is left out."""
    rows = session.execute(
        select(Patient.id, Patient.demographics_sealed).where(
            Patient.id.in_(patient_ids), Patient.demographics_sealed.is_not(None)
        )
    )
    return {row.id: opened(row.demographics_sealed, row.id) for row in rows}


def opened(sealed: bytes | None, patient_id: UUID) -> Demographics:
    """One patient's row, unsealed."""
    if sealed is None:
        return Demographics()
    told = crypto.unseal_json(sealed, "patients", "demographics", patient_id)
    return Demographics(told["sex"], tuple(told["race"]), told["ethnicity"])
