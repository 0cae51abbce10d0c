"""A visit goes to another clinician, or a held time is taken back from whoever leaves. In the caller's transaction."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from psycopg import errors as postgres
from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from service.kit.errors import Conflict, words
from service.visits.models import Appointment
from service.visits.queries import Practitioner
from service.visits.rules.times import Span


def hand_over(session: Session, appointment_id: UUID, to: Practitioner, now: datetime) -> None:
    """The same visit, at the same time, with somebody else. The database decides whether they are free.

    Raises Conflict where they are not, or where the visit is no longer booked.
    """
    row = session.scalars(select(Appointment).where(Appointment.id == appointment_id).with_for_update()).one()
    if row.status != "booked":
        raise Conflict("not_booked", words("One of these visits is no longer booked. Nothing was changed. Look again."))
    try:
        with session.begin_nested():
            row.practitioner_id, row.practitioner_number, row.handed_at = to.id, to.number, now
            session.flush()
    except IntegrityError as error:
        if isinstance(error.orig, postgres.ExclusionViolation):
            raise Conflict(
                "colleague_taken", words("A colleague has been booked meanwhile. Nothing was changed. Look again.")
            ) from None
        raise


def let_go_with(session: Session, practitioner_id: UUID, within: Span, now: datetime) -> None:
    """Whoever holds a time with this clinician that touches `within` chooses another.

    Somebody who books what they held at this very moment is waited for: look at what is booked after this.
    """
    around: Range[datetime] = Range(within.starts_at, within.ends_at)
    session.execute(
        update(Appointment)
        .where(
            Appointment.practitioner_id == practitioner_id,
            Appointment.status == "held",
            Appointment.during.overlaps(around),
        )
        .values(status="let_go", ended_at=now)
    )
