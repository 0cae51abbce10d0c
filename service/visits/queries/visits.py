"""What was booked, and what was recorded of it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, bindparam, func, select
from sqlalchemy.orm import Session

from service.kit import crypto
from service.visits.models import Appointment, Encounter, Practitioner


@dataclass(frozen=True, slots=True)
class Visit:
    """An appointment as the patient sees it: when, and with whom by name and credentials."""

    id: UUID
    patient_id: UUID
    practitioner_id: UUID
    practitioner_name: str
    practitioner_credentials: str
    kind: str
    starts_at: datetime
    ends_at: datetime
    status: str

    @property
    def with_whom(self) -> str:
        return f"{self.practitioner_name}, {self.practitioner_credentials}"


@dataclass(frozen=True, slots=True)
class SignedEncounter:
    """A signed encounter, with its notes opened: for clinicians only."""

    id: UUID
    appointment_id: UUID
    practitioner_id: UUID
    license_id: UUID
    modality: str
    patient_state: str
    identity_checked: bool
    physician_option_disclosed: bool
    pdmp_system: str
    pdmp_checked_at: datetime
    in_person_exam_on: date | None
    notes: str
    signed_by: UUID
    signed_at: datetime
    sha256: str


def _visits() -> Select[Any]:
    return select(
        Appointment.id,
        Appointment.patient_id,
        Appointment.practitioner_id,
        Practitioner.display_name,
        Practitioner.credentials,
        Appointment.kind,
        func.lower(Appointment.during).label("starts_at"),
        func.upper(Appointment.during).label("ends_at"),
        Appointment.status,
    ).join(Practitioner, Practitioner.id == Appointment.practitioner_id)


# Built once: it is asked on every home page, which asks it together with other rooms' questions.
BOOKED_OF_PATIENT = _visits().where(Appointment.patient_id == bindparam("patient_id"), Appointment.status == "booked")


def visit(session: Session, appointment_id: UUID) -> Visit | None:
    """One appointment, or None."""
    row = session.execute(_visits().where(Appointment.id == appointment_id)).one_or_none()
    return None if row is None else Visit(*row)


def booked_visit(session: Session, patient_id: UUID) -> Visit | None:
    """The one appointment a patient has ahead, or None."""
    row = session.execute(BOOKED_OF_PATIENT, {"patient_id": patient_id}).one_or_none()
    return None if row is None else Visit(*row)


def booked_visits(session: Session, limit: int) -> list[Visit]:
    """What is booked and not yet recorded, the earliest first."""
    query = _visits().where(Appointment.status == "booked").order_by(func.lower(Appointment.during)).limit(limit)
    return [Visit(*row) for row in session.execute(query)]


def booked_at(session: Session, patient_ids: Collection[UUID]) -> dict[UUID, datetime]:
    """When each of several patients has a visit ahead; those without one are left out."""
    rows = session.execute(
        select(Appointment.patient_id, func.lower(Appointment.during).label("starts_at")).where(
            Appointment.patient_id.in_(patient_ids), Appointment.status == "booked"
        )
    )
    return {row.patient_id: row.starts_at for row in rows}


def visits_of(session: Session, patient_id: UUID) -> list[Visit]:
    """Every appointment of a patient, the latest first."""
    query = _visits().where(Appointment.patient_id == patient_id).order_by(func.lower(Appointment.during).desc())
    return [Visit(*row) for row in session.execute(query)]


def encounters_of(session: Session, patient_id: UUID) -> list[SignedEncounter]:
    """Every signed encounter of a patient, the latest first."""
    rows = session.scalars(select(Encounter).where(Encounter.patient_id == patient_id).order_by(Encounter.signed_at))
    found = [
        SignedEncounter(
            id=row.id,
            appointment_id=row.appointment_id,
            practitioner_id=row.practitioner_id,
            license_id=row.license_id,
            modality=row.modality,
            patient_state=row.patient_state,
            identity_checked=row.identity_checked,
            physician_option_disclosed=row.physician_option_disclosed,
            pdmp_system=row.pdmp_system,
            pdmp_checked_at=row.pdmp_checked_at,
            in_person_exam_on=row.in_person_exam_on,
            notes=crypto.unseal(row.notes_sealed, "encounters", "notes", row.id),
            signed_by=row.signed_by,
            signed_at=row.signed_at,
            sha256=row.sha256,
        )
        for row in rows
    ]
    return found[::-1]


def in_person_exam_on(session: Session, patient_id: UUID) -> date | None:
    """The latest in-person exam any clinician recorded of a patient, or None."""
    return session.scalar(select(func.max(Encounter.in_person_exam_on)).where(Encounter.patient_id == patient_id))
