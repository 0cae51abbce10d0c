"""Taking a time, and giving it back. Inside the caller's transaction."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from psycopg import errors as postgres
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from service.kit.errors import Conflict, NotFound, words
from service.kit.ids import new_id
from service.visits.models import Appointment
from service.visits.models import Practitioner as PractitionerRow
from service.visits.queries import OpenTime


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
