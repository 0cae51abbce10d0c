"""Clinicians as the practice sees them: licences, hours, days unlike others, and what is booked meanwhile."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import exists, select
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import Session

from service.accounts import queries as accounts
from service.accounts.models import User
from service.visits.models import Appointment, LicenseRecord, OpenHours, ScheduleException
from service.visits.models import Practitioner as PractitionerRow
from service.visits.queries.clinicians import HELD, PRACTITIONER, Held, Practitioner
from service.visits.rules.licenses import KINDS, wants_look
from service.visits.rules.times import OtherDay, Span, Stretch, licensed_on, local_day


@dataclass(frozen=True, slots=True)
class Practice:
    """A clinician and everything on file. `active`: the account is open, and still a clinician's."""

    practitioner: Practitioner
    active: bool
    licenses: tuple[Held, ...]

    def standing(self) -> tuple[Held, ...]:
        """Those that were not ended."""
        return tuple(one for one in self.licenses if one.ended_at is None)

    def to_look_up(self, now: datetime) -> tuple[Held, ...]:
        """Those to be looked up again: the last time was a month ago."""
        return tuple(one for one in self.standing() if self.practises_on(now) and wants_look(one.verified_at, now))

    def practises_on(self, now: datetime) -> bool:
        """Are they here on the day that their calendar shows?"""
        return self.active and not self.practitioner.has_left(now)

    def counts(self, one: Held, now: datetime) -> bool:
        """Does this licence count today, on their calendar?"""
        return one.ended_at is None and licensed_on(one.expires_on, local_day(now, self.practitioner.time_zone))


@dataclass(frozen=True, slots=True)
class KeptDay:
    """A day unlike the others, as it stands in the table."""

    id: UUID
    other: OtherDay


@dataclass(frozen=True, slots=True)
class Rota:
    """Weekly hours by weekday, and the days unlike them from `since` on, soonest first."""

    week: dict[int, tuple[Stretch, ...]]
    others: tuple[KeptDay, ...]


def practices(session: Session) -> list[Practice]:
    """Everybody who practises or did, those who are here first; in two statements."""
    found = _practices(session, None)
    return sorted(
        found, key=lambda one: (not one.active or one.practitioner.left_on is not None, one.practitioner.name)
    )


def practice(session: Session, practitioner_id: UUID) -> Practice | None:
    """One of them, or None."""
    return next(iter(_practices(session, practitioner_id)), None)


def _practices(session: Session, practitioner_id: UUID | None) -> list[Practice]:
    people: Any = select(*PRACTITIONER, User.deactivated_at.is_(None) & (User.role == "clinician")).join(
        User, User.id == PractitionerRow.user_id
    )
    licenses: Any = select(LicenseRecord.practitioner_id, *HELD)
    if practitioner_id is not None:
        people = people.where(PractitionerRow.id == practitioner_id)
        licenses = licenses.where(LicenseRecord.practitioner_id == practitioner_id)
    held: defaultdict[UUID, list[Held]] = defaultdict(list)
    for whose, *values in session.execute(licenses):
        held[whose].append(Held(*values))
    return [
        Practice(
            Practitioner(*row[:-1]),
            bool(row[-1]),
            tuple(sorted(held[row[0]], key=lambda one: (one.ended_at is not None, one.state, KINDS.index(one.kind)))),
        )
        for row in session.execute(people)
    ]


def clinicians_without_practice(session: Session) -> list[tuple[UUID, str]]:
    """Clinicians on the team whom no patient can book yet: account and name."""
    ids = session.scalars(
        select(User.id).where(
            User.kind == "staff",
            User.role == "clinician",
            User.deactivated_at.is_(None),
            ~exists().where(PractitionerRow.user_id == User.id),
        )
    ).all()
    names = accounts.display_names(session, ids)
    return sorted(names.items(), key=lambda one: one[1])


def rota(session: Session, practitioner_id: UUID, since: date) -> Rota:
    """The hours of one practitioner."""
    week: defaultdict[int, list[Stretch]] = defaultdict(list)
    for row in session.scalars(
        select(OpenHours).where(OpenHours.practitioner_id == practitioner_id).order_by(OpenHours.starts)
    ):
        week[row.weekday].append(Stretch(row.weekday, row.starts, row.ends))
    others = session.scalars(
        select(ScheduleException)
        .where(ScheduleException.practitioner_id == practitioner_id, ScheduleException.on_day >= since)
        .order_by(ScheduleException.on_day, ScheduleException.starts.nulls_first())
    )
    return Rota(
        {weekday: tuple(stretches) for weekday, stretches in week.items()},
        tuple(KeptDay(row.id, OtherDay(row.on_day, row.opens, row.starts, row.ends)) for row in others),
    )


def booked_within(session: Session, practitioner_id: UUID, span: Span) -> list[datetime]:
    """When visits booked with one practitioner begin that touch `span`, soonest first. No names: times are enough."""
    around: Range[datetime] = Range(span.starts_at, span.ends_at)
    query = select(Appointment.during).where(
        Appointment.practitioner_id == practitioner_id,
        Appointment.status == "booked",
        Appointment.during.overlaps(around),
    )
    return sorted(during.lower for during in session.scalars(query) if during.lower is not None)
