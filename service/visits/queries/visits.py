"""What was booked, and what was recorded of it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, bindparam, func, select, text, union_all
from sqlalchemy.orm import Session

from service.kit import crypto
from service.visits.models import Appointment, Practitioner
from service.visits.rules.times import SLOT


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
    held_until: datetime | None = None
    changed_from_id: UUID | None = None
    physician_asked: bool = False
    accommodations_sealed: bytes | None = None
    needs_clear: Sequence[str] = ()

    @property
    def needs(self) -> Sequence[str]:
        """What they asked for, of rules.day.NEEDS, opened when it is read."""
        return opened_needs(self.id, self.accommodations_sealed, self.needs_clear)

    @property
    def with_whom(self) -> str:
        return f"{self.practitioner_name}, {self.practitioner_credentials}"


def opened_needs(
    appointment_id: UUID, accommodations_sealed: bytes | None, needs_clear: Sequence[str]
) -> Sequence[str]:
    """What was asked for at a visit; `needs_clear` is what older code wrote (`keeping.clear`). Raises Unsealable."""
    if accommodations_sealed is None:
        return tuple(needs_clear)
    return tuple(crypto.unseal_json(accommodations_sealed, "appointments", "accommodations", appointment_id))


BOOKED = text("appointments.status = 'booked'")  # as the index of what is ahead says it, word for word


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
        Appointment.held_until,
        Appointment.changed_from_id,
        Appointment.physician_asked,
        Appointment.accommodations_sealed,
        Appointment.needs_clear,
    ).join(Practitioner, Practitioner.id == Appointment.practitioner_id)


# Built once: it is asked on every home page, which asks it together with other rooms' questions.
BOOKED_OF_PATIENT = _visits().where(Appointment.patient_id == bindparam("patient_id"), Appointment.status == "booked")


def visit(session: Session, appointment_id: UUID) -> Visit | None:
    """One appointment, or None."""
    row = session.execute(_visits().where(Appointment.id == appointment_id)).one_or_none()
    return None if row is None else Visit(*row)


def live_hold(session: Session, patient_id: UUID, now: datetime) -> Visit | None:
    """The time a patient holds at `now` and has not booked yet, or None."""
    mine = (Appointment.patient_id == patient_id, Appointment.status == "held", Appointment.held_until > now)
    row = session.execute(_visits().where(*mine)).one_or_none()
    return None if row is None else Visit(*row)


def booked_visit(session: Session, patient_id: UUID) -> Visit | None:
    """The one appointment a patient has ahead, or None."""
    row = session.execute(BOOKED_OF_PATIENT, {"patient_id": patient_id}).one_or_none()
    return None if row is None else Visit(*row)


def ahead_and_held(session: Session, patient_id: UUID, now: datetime) -> tuple[Visit | None, Visit | None]:
    """What a patient has booked and what they hold at `now`, as `booked_visit` and `live_hold`, in one statement."""
    live = (Appointment.status == "held") & (Appointment.held_until > now)
    query = _visits().where(Appointment.patient_id == patient_id, (Appointment.status == "booked") | live)
    found = {visit.status: visit for visit in (Visit(*row) for row in session.execute(query))}
    return found.get("booked"), found.get("held")


def booked_visits(session: Session, *, now: datetime, limit: int, of: UUID | None = None) -> list[Visit]:
    """What is booked, the earliest first: up to `limit` that began a while ago and nobody recorded, and up to `limit`
    others, so that what was left behind never hides today's. `of`: with the clinician of this account alone.
    """
    starts = func.lower(Appointment.during)
    booked = _visits().where(BOOKED).order_by(starts).limit(limit)
    if of is not None:
        booked = booked.where(Practitioner.user_id == of)
    parts = (booked.where(starts <= now - SLOT).subquery(), booked.where(starts > now - SLOT).subquery())
    both = union_all(*(select(part) for part in parts)).subquery()
    return [Visit(*row) for row in session.execute(select(both).order_by(both.c.starts_at))]


def visits_with(session: Session, practitioner_id: UUID, since: datetime) -> list[Visit]:
    """What is booked with one practitioner and begins at `since` or later, soonest first."""
    starts = func.lower(Appointment.during)
    query = _visits().where(
        Appointment.practitioner_id == practitioner_id, Appointment.status == "booked", starts >= since
    )
    return [Visit(*row) for row in session.execute(query.order_by(starts))]


def booked_at(session: Session, patient_ids: Collection[UUID]) -> dict[UUID, datetime]:
    """When each of several patients has a visit ahead; those without one are left out."""
    rows = session.execute(
        select(Appointment.patient_id, func.lower(Appointment.during).label("starts_at")).where(
            Appointment.patient_id.in_(patient_ids), Appointment.status == "booked"
        )
    )
    return {row.patient_id: row.starts_at for row in rows}


def booked_between(since: datetime, until: datetime) -> Select[UUID]:
    """Every patient with a visit booked that begins from `since` on and before `until`, as a part of a statement."""
    starts = func.lower(Appointment.during)
    return select(Appointment.patient_id).where(BOOKED, starts >= since, starts < until)


def visits_of(session: Session, patient_id: UUID) -> list[Visit]:
    """Every appointment of a patient that was ever booked, the latest first."""
    ever_booked = Appointment.status.not_in(("held", "let_go"))
    query = _visits().where(Appointment.patient_id == patient_id, ever_booked)
    query = query.order_by(func.lower(Appointment.during).desc())
    return [Visit(*row) for row in session.execute(query)]
