"""Who may see patients where, and when they are free."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import Session

from service.accounts.models import User
from service.visits.models import Appointment, LicenseRecord, OpenHours
from service.visits.models import Practitioner as PractitionerRow
from service.visits.rules.encounters import PRACTICE_KINDS
from service.visits.rules.times import DAYS_AHEAD, Span, Stretch
from service.visits.rules.times import open_times as times_open


@dataclass(frozen=True, slots=True)
class Practitioner:
    """A clinician as patients see them: a name with its degree and licence type."""

    id: UUID
    number: int
    user_id: UUID
    name: str
    credentials: str
    time_zone: str
    left_on: date | None

    @property
    def title(self) -> str:
        return f"{self.name}, {self.credentials}"


@dataclass(frozen=True, slots=True)
class License:
    """The licence of a practitioner that carries furthest in one state."""

    id: UUID
    practitioner_id: UUID
    state: str
    kind: str
    number: str
    expires_on: date


@dataclass(frozen=True, slots=True)
class OpenTime:
    """A time a patient may book, and with whom."""

    practitioner: Practitioner
    starts_at: datetime
    ends_at: datetime


_PRACTITIONER = (
    PractitionerRow.id,
    PractitionerRow.number,
    PractitionerRow.user_id,
    PractitionerRow.display_name,
    PractitionerRow.credentials,
    PractitionerRow.time_zone,
    PractitionerRow.left_on,
)


def practitioner_of(session: Session, user_id: UUID) -> Practitioner | None:
    """The practitioner behind a staff account, or None."""
    row = session.execute(select(*_PRACTITIONER).where(PractitionerRow.user_id == user_id)).one_or_none()
    return None if row is None else Practitioner(*row)


def practitioner(session: Session, practitioner_id: UUID) -> Practitioner | None:
    """One practitioner, or None."""
    row = session.execute(select(*_PRACTITIONER).where(PractitionerRow.id == practitioner_id)).one_or_none()
    return None if row is None else Practitioner(*row)


def license_for(session: Session, practitioner_id: UUID, state: str) -> License | None:
    """The practitioner's licence in `state` that expires last, in force or not; None where there is none."""
    row = session.execute(
        select(
            LicenseRecord.id,
            LicenseRecord.practitioner_id,
            LicenseRecord.state,
            LicenseRecord.kind,
            LicenseRecord.number,
            LicenseRecord.expires_on,
        )
        .where(
            LicenseRecord.practitioner_id == practitioner_id,
            LicenseRecord.state == state,
            LicenseRecord.kind.in_(PRACTICE_KINDS),
        )
        .order_by(LicenseRecord.expires_on.desc(), LicenseRecord.id)
        .limit(1)
    ).one_or_none()
    return None if row is None else License(*row)


def open_times(session: Session, *, state: str, now: datetime) -> list[OpenTime]:
    """Every time a patient in `state` may book now, soonest first, in four statements whatever the number."""
    licensed = _licensed_until(session, state)
    people = {
        row.id: Practitioner(*row)
        for row in session.execute(
            select(*_PRACTITIONER)
            .join(User, User.id == PractitionerRow.user_id)
            # Whoever left the team, or has another role now, sees nobody, whatever hours still stand.
            .where(PractitionerRow.id.in_(list(licensed)), User.deactivated_at.is_(None), User.role == "clinician")
        )
    }
    hours: dict[UUID, list[Stretch]] = defaultdict(list)
    for stretch in session.scalars(select(OpenHours).where(OpenHours.practitioner_id.in_(list(people)))):
        hours[stretch.practitioner_id].append(Stretch(stretch.weekday, stretch.starts, stretch.ends))
    taken = _taken(session, list(people), now)
    found = [
        OpenTime(person, span.starts_at, span.ends_at)
        for person in people.values()
        for span in times_open(
            hours[person.id],
            person.time_zone,
            taken=taken[person.id],
            license_expires_on=licensed[person.id],
            left_on=person.left_on,
            now=now,
        )
    ]
    return sorted(found, key=lambda time: (time.starts_at, time.practitioner.name))


def _licensed_until(session: Session, state: str) -> dict[UUID, date]:
    until: dict[UUID, date] = {}
    for row in session.execute(
        select(LicenseRecord.practitioner_id, LicenseRecord.expires_on).where(
            LicenseRecord.state == state, LicenseRecord.kind.in_(PRACTICE_KINDS)
        )
    ):
        until[row.practitioner_id] = max(row.expires_on, until.get(row.practitioner_id, date.min))
    return until


def _taken(session: Session, practitioner_ids: list[UUID], now: datetime) -> dict[UUID, list[Span]]:
    ahead: Range[datetime] = Range(now, now + timedelta(days=DAYS_AHEAD + 1))
    spans: dict[UUID, list[Span]] = defaultdict(list)
    for row in session.execute(
        select(Appointment.practitioner_id, Appointment.during).where(
            Appointment.practitioner_id.in_(practitioner_ids),
            Appointment.status == "booked",
            Appointment.during.overlaps(ahead),
        )
    ):
        spans[row.practitioner_id].append(Span(row.during.lower, row.during.upper))
    return spans
