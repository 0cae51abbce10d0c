"""Signing what was recorded of a visit, and adding to it later. Inside the caller's transaction."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from psycopg import errors as postgres
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from service.kit import crypto
from service.kit.errors import Conflict, words
from service.kit.ids import new_id
from service.visits.models import Encounter, EncounterAddendum
from service.visits.rules.encounters import Credential, VisitRecord, addendum_content, fingerprint, signed_content


def sign_encounter(
    session: Session,
    *,
    appointment_id: UUID,
    patient_id: UUID,
    practitioner_id: UUID,
    license: Credential,
    record: VisitRecord,
    kind: str,
    pdmp_system: str,
    attestation_id: UUID | None,
    around: Mapping[str, Any],
    signed_by: UUID,
    now: datetime,
) -> UUID:
    """Write and sign an encounter in one step. The app role can never change it. Returns its id.

    `around` is what the house knew and is signed with it (licence, registrations, attested place, consents).
    Raises Conflict when that appointment was recorded before.
    """
    encounter_id = new_id()
    content = signed_content(
        record,
        **around,
        encounter_id=encounter_id,
        kind=kind,
        appointment_id=appointment_id,
        patient_id=patient_id,
        practitioner_id=practitioner_id,
        license_id=license.id,
        license=license,
        pdmp_system=pdmp_system,
        attestation_id=attestation_id,
        signed_by=signed_by,
        signed_at=now.astimezone(UTC),
    )
    row = Encounter(
        id=encounter_id,
        appointment_id=appointment_id,
        patient_id=patient_id,
        practitioner_id=practitioner_id,
        license_id=UUID(license.id),
        kind=kind,
        modality=record.modality,
        patient_state=record.patient_state,
        patient_county=record.patient_county,
        practitioner_state=record.practitioner_state,
        started_at=record.started_at,
        ended_at=record.ended_at,
        attestation_id=attestation_id,
        identity_checked=record.identity_checked,
        identity_method=record.identity.method,
        physician_option_disclosed=record.physician_option_disclosed,
        pdmp_system=pdmp_system if record.pdmp_checked_at else "",
        pdmp_checked_at=record.pdmp_checked_at,
        in_person_exam_on=record.in_person_exam_on,
        payment_source=record.payment_source,
        follow_up_on=record.follow_up_on,
        notes_sealed=crypto.seal(record.notes, "encounters", "notes", encounter_id),
        record_sealed=crypto.seal_json(_without_notes(content), "encounters", "record", encounter_id),
        signed_by=signed_by,
        signed_at=now,
        sha256=fingerprint(content),
    )
    try:
        with session.begin_nested():
            session.add(row)
            session.flush()
    except IntegrityError as error:
        if isinstance(error.orig, postgres.UniqueViolation):
            raise already_recorded() from None
        raise
    return encounter_id


def already_recorded() -> Conflict:
    """What somebody hears who signs a visit that is signed."""
    return Conflict("visit_recorded", words("This visit has already been recorded and signed."))


def add_addendum(
    session: Session, *, encounter: Encounter, text: str, settles: tuple[str, ...], signed_by: UUID, now: datetime
) -> UUID:
    """Add to a signed encounter, signed in its turn. What was signed before stays. Returns the addendum's id."""
    addendum_id = new_id()
    content = addendum_content(
        text=text,
        settles=settles,
        addendum_id=addendum_id,
        encounter_id=encounter.id,
        encounter_sha256=encounter.sha256,
        signed_by=signed_by,
        signed_at=now.astimezone(UTC),
    )
    said = {"text": text, "settles": sorted(settles)}
    session.add(
        EncounterAddendum(
            id=addendum_id,
            encounter_id=encounter.id,
            text_sealed=crypto.seal_json(said, "encounter_addenda", "text", addendum_id),
            signed_by=signed_by,
            signed_at=now,
            sha256=fingerprint(content),
        )
    )
    session.flush()
    return addendum_id


def _without_notes(content: Mapping[str, Any]) -> dict[str, Any]:
    """The notes have a column of their own, as ever."""
    return {**content, "record": {**content["record"], "notes": ""}}
