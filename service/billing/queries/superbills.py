"""Signed visits as a superbill needs them. Nothing of a record but its codes and when, where and by whom."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from service.accounts.queries import display_names
from service.billing.rules.superbill import Visit
from service.visits.models import Encounter, LocationAttestation, Practitioner
from service.visits.queries import is_as_signed
from service.visits.queries.encounters import opened_record

_HELD = func.coalesce(Encounter.started_at, Encounter.signed_at)


@dataclass(frozen=True, slots=True)
class SignedVisit:
    """One line of the list."""

    id: UUID
    held_at: datetime
    clinician: str


def signed_visits(session: Session, patient_id: UUID) -> list[SignedVisit]:
    """Every signed visit of a patient, the latest first."""
    rows = session.execute(
        select(Encounter.id, _HELD, Practitioner.display_name, Practitioner.credentials)
        .join(Practitioner, Practitioner.id == Encounter.practitioner_id)
        .where(Encounter.patient_id == patient_id)
        .order_by(_HELD.desc(), Encounter.id)
    )
    return [SignedVisit(row[0], row[1], ", ".join(filter(None, row[2:]))) for row in rows]


def visit_to_bill(session: Session, patient_id: UUID, encounter_id: UUID) -> tuple[Visit, bool] | None:
    """One signed visit of this patient and whether it is still as it was signed; None for anybody else's."""
    row = session.execute(
        select(Encounter, Practitioner, LocationAttestation.at_home_address)
        .join(Practitioner, Practitioner.id == Encounter.practitioner_id)
        .outerjoin(LocationAttestation, LocationAttestation.id == Encounter.attestation_id)
        .where(Encounter.id == encounter_id, Encounter.patient_id == patient_id)
    ).one_or_none()
    if row is None:
        return None
    encounter, clinician, at_home = row
    record, _ = opened_record(encounter)
    visit = Visit(
        held_at=encounter.started_at or encounter.signed_at,
        modality=encounter.modality,
        at_home=at_home,
        code=record.em_code if record is not None else "",
        diagnoses=record.diagnoses if record is not None else (),
        clinician=clinician.display_name,
        credentials=clinician.credentials,
        npi=clinician.npi,
        signed_by=display_names(session, {encounter.signed_by}).get(encounter.signed_by, ""),
        signed_at=encounter.signed_at,
        sha256=encounter.sha256,
    )
    return visit, is_as_signed(encounter)
