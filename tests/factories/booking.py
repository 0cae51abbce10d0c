"""Times held and booked, one step at a time."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import select

from service.enrollment.actions import book, hold
from service.kit import db
from service.visits.models import Appointment
from service.visits.queries import OpenTime
from tests.factories.visits import Applicant

if TYPE_CHECKING:
    from tests.conftest import House


def held(house: House, who: Applicant, time: OpenTime, **more: Any) -> UUID:
    """A time kept for somebody. Returns the appointment's id."""
    return hold.hold_time(
        practitioner_id=time.practitioner.id,
        starts_at=time.starts_at,
        catalog=house.catalog,
        actor=who.actor,
        now=house.now,
        **more,
    )


def confirmed(house: House, who: Applicant, appointment_id: UUID, **more: Any) -> bool:
    """What was held is booked. Returns whether it was a change."""
    return book.confirm_visit(
        appointment_id=appointment_id, catalog=house.catalog, actor=who.actor, now=house.now, **more
    )


def rows(who: Applicant) -> list[Appointment]:
    """Every appointment of somebody, as stored, the first made first."""
    with db.reading() as session:
        query = select(Appointment).where(Appointment.patient_id == who.patient_id).order_by(Appointment.id)
        return list(session.scalars(query))


def states(who: Applicant) -> list[str]:
    """The status of each, the first made first."""
    return [row.status for row in rows(who)]


def starts(row: Appointment) -> datetime:
    """When it begins."""
    assert row.during.lower is not None
    return row.during.lower
