"""Licences that run out, and booked visits whose clinician cannot hold them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import islice
from typing import Any
from uuid import UUID

from sqlalchemy import Date, DateTime, Text, Uuid, column, exists, func, or_, select, table
from sqlalchemy.orm import Session

from service.accounts.models import Patient, User
from service.visits.models import Appointment, LicenseNotice, LicenseRecord, Practitioner
from service.visits.rules.encounters import PRACTICE_KINDS
from service.visits.rules.times import SLOT, Span, licensed_through, local_day

# By name: alerts are a neighbour's, and only their existence is asked for.
ALERTS = table(
    "alerts",
    column("source_kind", Text),
    column("source_id", Uuid),
    column("code", Text),
    column("raised_at", DateTime(timezone=True)),
    column("acknowledged_at", DateTime(timezone=True)),
)


@dataclass(frozen=True, slots=True)
class Lapsing:
    """A licence that expires soon or has. `told`: the last step that somebody was told of, for this expiry."""

    id: UUID
    practitioner_id: UUID
    user_id: UUID
    name: str
    time_zone: str
    kind: str
    state: str
    expires_on: date
    told: int | None


def lapsing(session: Session, until: date) -> list[Lapsing]:
    """What expires by `until` while its holder practises, with what was told of it."""
    told = (
        select(func.min(LicenseNotice.days_before))
        .where(LicenseNotice.license_id == LicenseRecord.id, LicenseNotice.expires_on == LicenseRecord.expires_on)
        .scalar_subquery()
    )
    rows = session.execute(
        select(
            LicenseRecord.id,
            Practitioner.id,
            Practitioner.user_id,
            Practitioner.display_name,
            Practitioner.time_zone,
            LicenseRecord.kind,
            LicenseRecord.state,
            LicenseRecord.expires_on,
            told,
        )
        .join(Practitioner, Practitioner.id == LicenseRecord.practitioner_id)
        .join(User, User.id == Practitioner.user_id)
        .where(
            LicenseRecord.expires_on <= until,
            LicenseRecord.ended_at.is_(None),
            or_(Practitioner.left_on.is_(None), Practitioner.left_on > LicenseRecord.expires_on),
            User.deactivated_at.is_(None),
        )
        .order_by(LicenseRecord.expires_on, LicenseRecord.id)
    )
    return [Lapsing(*row) for row in rows]


def stranded(session: Session, code: str, now: datetime, limit: int) -> list[UUID]:
    """Visits ahead or just begun that their clinician cannot hold, soonest first, of which nobody was called yet."""
    query = _doubtful(code, now).order_by(func.lower(Appointment.during)).execution_options(yield_per=limit)
    # Of those in doubt most are held on the last good day: they must not stand before the others in a batch for ever.
    with session.execute(query) as rows:
        return list(islice((row.id for row in rows if _is_stranded(row)), limit))


def stranded_visit(session: Session, appointment_id: UUID, code: str, now: datetime) -> UUID | None:
    """The patient of that visit, if it is one of those still; else None. Locks the visit."""
    query = _doubtful(code, now).where(Appointment.id == appointment_id).with_for_update(of=Appointment)
    row = session.execute(query).one_or_none()
    return row.patient_id if row is not None and _is_stranded(row) else None


def _doubtful(code: str, now: datetime) -> Any:
    until = (
        select(func.max(LicenseRecord.expires_on))
        .where(
            LicenseRecord.practitioner_id == Appointment.practitioner_id,
            LicenseRecord.state == Patient.state,
            LicenseRecord.kind.in_(PRACTICE_KINDS),
            LicenseRecord.ended_at.is_(None),
        )
        .scalar_subquery()
    )
    day_after = func.timezone("UTC", func.upper(Appointment.during) + timedelta(days=1)).cast(Date)
    here = User.deactivated_at.is_(None) & (User.role == "clinician")
    query: Any = (
        select(
            Appointment.id,
            Appointment.patient_id,
            Appointment.during,
            Practitioner.time_zone,
            Practitioner.left_on,
            Patient.time_zone.label("clock"),
            until.label("until"),
            here.label("here"),
        )
        .join(Practitioner, Practitioner.id == Appointment.practitioner_id)
        .join(User, User.id == Practitioner.user_id)
        .join(Patient, Patient.id == Appointment.patient_id)
        .where(
            Appointment.status == "booked",
            func.lower(Appointment.during) > now - SLOT,  # one that has just begun stands before a shut room
            or_(~here, Practitioner.left_on <= day_after, until.is_(None), until <= day_after),
            ~exists().where(
                ALERTS.c.source_kind == "visit",
                ALERTS.c.source_id == Appointment.id,
                ALERTS.c.code == code,
                # What was raised about somebody who held it before says nothing of who holds it now.
                or_(
                    Appointment.handed_at.is_(None),
                    ALERTS.c.raised_at > Appointment.handed_at,
                    ALERTS.c.acknowledged_at.is_(None),
                ),
            ),
        )
    )
    return query


def _is_stranded(row: Any) -> bool:
    span = Span(row.during.lower, row.during.upper)
    if not row.here or row.until is None:
        return True
    if row.left_on is not None and row.left_on <= local_day(span.starts_at, row.time_zone):
        return True
    return not licensed_through(row.until, span, (row.time_zone, row.clock))
