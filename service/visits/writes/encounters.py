"""Signing what was recorded of a visit. Inside the caller's transaction; rows are only ever added."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from psycopg import errors as postgres
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from service.kit import crypto
from service.kit.errors import Conflict, words
from service.kit.ids import new_id
from service.visits.models import Encounter
from service.visits.queries import License
from service.visits.rules.encounters import VisitRecord, fingerprint, signed_content


def sign_encounter(
    session: Session,
    *,
    appointment_id: UUID,
    patient_id: UUID,
    license: License,
    record: VisitRecord,
    pdmp_system: str,
    signed_by: UUID,
    now: datetime,
) -> UUID:
    """Write and sign an encounter in one step. The app role can never change it. Returns its id.

    Raises Conflict when that appointment was recorded before.
    """
    encounter_id = new_id()
    content = signed_content(
        record,
        encounter_id=encounter_id,
        appointment_id=appointment_id,
        patient_id=patient_id,
        practitioner_id=license.practitioner_id,
        license_id=license.id,
        pdmp_system=pdmp_system,
        signed_by=signed_by,
        signed_at=now,
    )
    try:
        with session.begin_nested():
            session.add(
                Encounter(
                    id=encounter_id,
                    appointment_id=appointment_id,
                    patient_id=patient_id,
                    practitioner_id=license.practitioner_id,
                    license_id=license.id,
                    modality=record.modality,
                    patient_state=record.patient_state,
                    identity_checked=record.identity_checked,
                    physician_option_disclosed=record.physician_option_disclosed,
                    pdmp_system=pdmp_system,
                    pdmp_checked_at=record.pdmp_checked_at,
                    in_person_exam_on=record.in_person_exam_on,
                    notes_sealed=crypto.seal(record.notes, "encounters", "notes", encounter_id),
                    signed_by=signed_by,
                    signed_at=now,
                    sha256=fingerprint(content),
                )
            )
            session.flush()
    except IntegrityError as error:
        if isinstance(error.orig, postgres.UniqueViolation):
            raise Conflict("visit_recorded", words("This visit has already been recorded and signed.")) from None
        raise
    return encounter_id
