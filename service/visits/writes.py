"""Booking, cancelling and signing, inside the caller's transaction; and who may be booked at all."""

from __future__ import annotations

from datetime import date, datetime, time
from uuid import UUID

from psycopg import errors as postgres
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from service.kit import crypto
from service.kit.errors import Conflict, NotFound, words
from service.kit.ids import new_id
from service.visits.models import Appointment, Encounter, LicenseRecord, OpenHours
from service.visits.models import Practitioner as PractitionerRow
from service.visits.queries import License, OpenTime
from service.visits.rules.encounters import PRACTICE_KINDS, VisitRecord, fingerprint, signed_content


def add_practitioner(session: Session, *, user_id: UUID, display_name: str, credentials: str, time_zone: str) -> UUID:
    """Make a clinician's account somebody patients can book. Returns the practitioner's id."""
    practitioner_id = new_id()
    session.add(
        PractitionerRow(
            id=practitioner_id,
            user_id=user_id,
            display_name=display_name,
            credentials=credentials,
            time_zone=time_zone,
        )
    )
    session.flush()
    return practitioner_id


def add_license(
    session: Session,
    *,
    practitioner_id: UUID,
    state: str,
    number: str,
    expires_on: date,
    verified_at: datetime,
    kind: str = "physician",
) -> UUID:
    """Record a licence of one of `rules.encounters.PRACTICE_KINDS`. Raises ValueError for another kind."""
    if kind not in PRACTICE_KINDS:
        raise ValueError(f"{kind} is not a licence to see patients")
    license_id = new_id()
    session.add(
        LicenseRecord(
            id=license_id,
            practitioner_id=practitioner_id,
            state=state,
            kind=kind,
            number=number,
            expires_on=expires_on,
            verified_at=verified_at,
        )
    )
    session.flush()
    return license_id


def add_open_hours(session: Session, *, practitioner_id: UUID, weekday: int, starts: time, ends: time) -> None:
    """Open a weekly stretch on the practitioner's own wall clock. Monday is 0."""
    session.add(OpenHours(id=new_id(), practitioner_id=practitioner_id, weekday=weekday, starts=starts, ends=ends))
    session.flush()


def book(session: Session, *, patient_id: UUID, chosen: OpenTime, kind: str, now: datetime) -> UUID:
    """Book a time. The database decides who was first. Raises Conflict for whoever was second."""
    appointment_id = new_id()
    try:
        with session.begin_nested():
            session.add(
                Appointment(
                    id=appointment_id,
                    practitioner_id=chosen.practitioner.id,
                    practitioner_number=chosen.practitioner.number,
                    patient_id=patient_id,
                    kind=kind,
                    during=Range(chosen.starts_at, chosen.ends_at),
                    status="booked",
                    booked_at=now,
                )
            )
            session.flush()
    except IntegrityError as error:
        if isinstance(error.orig, postgres.ExclusionViolation):
            raise time_taken() from None
        if isinstance(error.orig, postgres.UniqueViolation):
            raise Conflict(
                "has_a_visit", words("You already have a visit booked. Cancel it to choose another time.")
            ) from None
        raise
    return appointment_id


def take_turns(session: Session, practitioner_id: UUID) -> None:
    """Let bookings with one practitioner wait for each other until the transaction ends."""
    session.execute(
        select(PractitionerRow.id).where(PractitionerRow.id == practitioner_id).with_for_update(key_share=True)
    )


def time_taken() -> Conflict:
    """What somebody hears who was a moment too late."""
    return Conflict(
        "time_taken", words("Somebody else has just booked that time. Nothing was booked for you. Here are the others.")
    )


def cancel(session: Session, appointment_id: UUID) -> bool:
    """Cancel a booked time, which opens it again. False when it was no longer booked."""
    return _end(session, appointment_id, "cancelled")


def finish(session: Session, appointment_id: UUID) -> bool:
    """Mark a visit as held. False when it was no longer booked."""
    return _end(session, appointment_id, "finished")


def miss(session: Session, appointment_id: UUID) -> bool:
    """Mark a visit as not held. False when it was no longer booked."""
    return _end(session, appointment_id, "missed")


def _end(session: Session, appointment_id: UUID, status: str) -> bool:
    row = session.scalars(select(Appointment).where(Appointment.id == appointment_id).with_for_update()).one_or_none()
    if row is None:
        raise NotFound("no_such_visit", words("We could not find that visit."))
    if row.status != "booked":
        return False
    row.status = status
    session.flush()
    return True


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
