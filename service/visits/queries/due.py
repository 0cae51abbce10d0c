"""Booked visits whose reminder is due."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from service.accounts.models import Patient, User
from service.visits.models import Appointment


@dataclass(frozen=True, slots=True)
class VisitToRemind:
    """A booked visit, and whom to remind of it."""

    id: UUID
    patient_id: UUID
    user_id: UUID
    time_zone: str
    locale: str
    starts_at: datetime
    booked_at: datetime


def to_remind(session: Session, now: datetime, limit: int) -> list[VisitToRemind]:
    """Booked visits whose `remind_at` has come, each locked; those another tick holds are left to it."""
    rows = session.execute(
        select(
            Appointment.id,
            Appointment.patient_id,
            Patient.user_id,
            Patient.time_zone,
            User.locale,
            func.lower(Appointment.during).label("starts_at"),
            Appointment.booked_at,
        )
        .join(Patient, Patient.id == Appointment.patient_id)
        .join(User, User.id == Patient.user_id)
        .where(Appointment.status == "booked", Appointment.remind_at <= now)
        .order_by(Appointment.remind_at)
        .limit(limit)
        .with_for_update(of=Appointment, skip_locked=True)
    )
    return [VisitToRemind(*row) for row in rows]


def next_remind_at(session: Session, after: datetime) -> datetime | None:
    """The next moment after `after` at which a visit's reminder is to be planned."""
    return session.scalar(
        select(func.min(Appointment.remind_at)).where(Appointment.status == "booked", Appointment.remind_at > after)
    )
