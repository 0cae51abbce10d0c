"""Holding a time, booking it, and giving it back. Inside the caller's transaction.

A hold and a booking are one row. The exclusion constraint covers both, so that the database itself decides who was
first; a hold whose time is over stands in nobody's way, because whoever wants its place lets it go first.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from psycopg import errors as postgres
from sqlalchemy import and_, or_, select, update
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from service.kit import crypto
from service.kit.errors import Conflict, NotFound, words
from service.kit.ids import new_id, new_token
from service.visits.models import Appointment
from service.visits.models import Practitioner as PractitionerRow
from service.visits.queries import OpenTime


def hold(
    session: Session,
    *,
    patient_id: UUID,
    chosen: OpenTime,
    kind: str,
    until: datetime,
    now: datetime,
    physician_asked: bool = False,
    changed_from_id: UUID | None = None,
) -> UUID:
    """Keep a time for a patient until `until`; what they held before is let go. Returns the appointment's id.

    Raises Conflict for whoever was second.
    """
    span = Range(chosen.starts_at, chosen.ends_at)
    _make_room(session, patient_id, chosen.practitioner.number, span, now)
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
                    during=span,
                    status="held",
                    booked_at=now,
                    held_until=until,
                    physician_asked=physician_asked,
                    changed_from_id=changed_from_id,
                )
            )
            session.flush()
    except IntegrityError as error:
        if isinstance(error.orig, postgres.ExclusionViolation | postgres.UniqueViolation):
            raise time_taken() from None
        raise
    return appointment_id


def confirm(
    session: Session, appointment_id: UUID, *, needs: Sequence[str] = (), own_words: str = "", now: datetime
) -> bool:
    """Book what is held, with a room of its own. False when the hold is over: then nothing was booked.

    Raises Conflict when the patient has another visit booked.
    """
    row = locked(session, appointment_id)
    if row.status != "held" or row.held_until is None or row.held_until <= now:
        return False
    row.status, row.booked_at, row.remind_at = "booked", now, now
    row.room = new_token()
    row.accommodations_sealed = (
        crypto.seal_json(list(needs), "appointments", "accommodations", row.id) if needs else None
    )
    row.needs_sealed = crypto.seal(own_words, "appointments", "needs", row.id) if own_words else None
    try:
        session.flush()
    except IntegrityError as error:
        if isinstance(error.orig, postgres.UniqueViolation):
            raise Conflict("has_a_visit", words("You already have a visit booked.")) from None
        raise
    return True


def let_go_expired(session: Session, now: datetime, limit: int = 100) -> int:
    """Let go of what was held and not booked in time. Returns how many; those somebody works on are left to them."""
    query = (
        select(Appointment)
        .where(Appointment.status == "held", Appointment.held_until <= now)
        .order_by(Appointment.held_until)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    rows = session.scalars(query).all()
    for row in rows:
        _let_go(row, now)
    session.flush()
    return len(rows)


def by_phone(session: Session, appointment_id: UUID, now: datetime) -> None:
    """Note that the picture failed and the visit goes on by phone; the first time counts."""
    row = locked(session, appointment_id)
    row.by_phone_at = row.by_phone_at or now
    session.flush()


def remind_at(session: Session, appointment_id: UUID, at: datetime | None) -> None:
    """Note when the next reminder of this visit is due; None when there is none left."""
    session.execute(update(Appointment).where(Appointment.id == appointment_id).values(remind_at=at))


def take_turns(session: Session, practitioner_id: UUID) -> None:
    """Let bookings with one practitioner wait for each other until the transaction ends."""
    session.execute(
        select(PractitionerRow.id).where(PractitionerRow.id == practitioner_id).with_for_update(key_share=True)
    )


def time_taken() -> Conflict:
    """What somebody hears who was a moment too late."""
    return Conflict(
        "time_taken", words("Somebody else has just chosen that time. Nothing was booked for you. Here are the others.")
    )


def cancel(session: Session, appointment_id: UUID, now: datetime) -> bool:
    """Cancel a booked time, which opens it again. False when it was no longer booked."""
    return _end(session, appointment_id, "cancelled", now)


def finish(session: Session, appointment_id: UUID, now: datetime) -> bool:
    """Mark a visit as one that took place. False when it was no longer booked."""
    return _end(session, appointment_id, "finished", now)


def miss(session: Session, appointment_id: UUID, now: datetime) -> bool:
    """Mark a visit as one that did not take place. False when it was no longer booked."""
    return _end(session, appointment_id, "missed", now)


def locked(session: Session, appointment_id: UUID) -> Appointment:
    """An appointment's row, locked until the transaction ends and read anew. Raises NotFound."""
    query = select(Appointment).where(Appointment.id == appointment_id).with_for_update()
    row = session.scalars(query.execution_options(populate_existing=True)).one_or_none()
    if row is None:
        raise NotFound("no_such_visit", words("We could not find that visit."))
    return row


def _end(session: Session, appointment_id: UUID, status: str, now: datetime) -> bool:
    row = locked(session, appointment_id)
    if row.status != "booked":
        return False
    row.status, row.ended_at = status, now
    session.flush()
    return True


def _make_room(session: Session, patient_id: UUID, number: int, span: Range[datetime], now: datetime) -> None:
    """Let go of the patient's own hold, and of everybody's whose time is over and which stands in the way."""
    over = and_(
        Appointment.practitioner_number == number, Appointment.during.overlaps(span), Appointment.held_until <= now
    )
    query = (
        select(Appointment)
        .where(Appointment.status == "held", or_(Appointment.patient_id == patient_id, over))
        .order_by(Appointment.id)  # two who make room for each other take the rows in one order
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    for row in session.scalars(query):
        _let_go(row, now)
    session.flush()


def _let_go(row: Appointment, now: datetime) -> None:
    row.status, row.ended_at = "let_go", now
