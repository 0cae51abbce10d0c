"""Who is waiting, and for whom: the staff queue, a page at a time, the longest waiting first."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from sqlalchemy import func, select, tuple_
from sqlalchemy.orm import Session

from service.accounts import queries as accounts
from service.enrollment.models import Enrollment
from service.enrollment.rules.status import STATUSES, WAITING_FOR_CLINICIAN, WAITING_FOR_STAFF
from service.safety import queries as safety
from service.visits import queries as visits
from service.visits.queries import Visit

PAGE = 25
OVER = ("declined", "ended")
WAITING = (*WAITING_FOR_CLINICIAN, *WAITING_FOR_STAFF)
LISTED = tuple(status for status in STATUSES if status not in OVER)

Flag = Literal["hold", "alert", "none"]


@dataclass(frozen=True, slots=True)
class Waiting:
    """One line of the queue: nothing in it says what the person told us."""

    enrollment_id: UUID
    patient_id: UUID
    patient_name: str
    state: str
    status: str
    since: datetime
    waited: timedelta
    flag: Flag
    owner_name: str
    visit_at: datetime | None
    mine: bool  # whether whoever looks at the list looks after this person


@dataclass(frozen=True, slots=True)
class UpcomingVisit:
    """A booked visit, with the record it belongs to."""

    enrollment_id: UUID | None
    patient_name: str
    visit: Visit


@dataclass(frozen=True, slots=True)
class Place:
    """Where the next page begins: after this moment and this id."""

    since: datetime
    id: UUID

    def __str__(self) -> str:
        return f"{self.since.isoformat()}_{self.id}"

    @classmethod
    def read(cls, text: str | None) -> Place | None:
        """The place an address names; None for none, and for one nobody made."""
        since, _, row_id = (text or "").replace(" ", "+").partition("_")
        try:
            moment = datetime.fromisoformat(since)
            return cls(moment, UUID(row_id)) if moment.tzinfo else None
        except ValueError:
            return None


@dataclass(frozen=True, slots=True)
class QueuePage:
    """A page of the queue, how many there are of each status, and where the next page begins."""

    rows: tuple[Waiting, ...]
    counts: dict[str, int]
    following: Place | None


def queue(
    session: Session,
    *,
    viewer: UUID | None,
    statuses: Collection[str],
    state: str | None,
    after: Place | None,
    now: datetime,
) -> QueuePage:
    """Enrollments in `statuses` (and `state`, where one is given), from `after` on, as `viewer` sees them."""
    query = select(Enrollment).where(Enrollment.status.in_(statuses))
    if state:
        query = query.where(Enrollment.state == state)
    if after:
        query = query.where(tuple_(Enrollment.status_changed_at, Enrollment.id) > (after.since, after.id))
    found = list(session.scalars(query.order_by(Enrollment.status_changed_at, Enrollment.id).limit(PAGE + 1)))
    here, more = found[:PAGE], len(found) > PAGE
    return QueuePage(
        rows=tuple(_lines(session, here, viewer, now)),
        counts=_counts(session, state),
        following=Place(here[-1].status_changed_at, here[-1].id) if more else None,
    )


def flags(session: Session, patient_ids: Collection[UUID]) -> dict[UUID, Flag]:
    """Who has a standing hold, and who an alert that nobody has acknowledged."""
    on_hold = safety.patients_on_hold(session, patient_ids)
    alerted = safety.patients_alerted(session, patient_ids)
    return {one: "hold" if one in on_hold else "alert" if one in alerted else "none" for one in patient_ids}


def visits_ahead(session: Session) -> tuple[UpcomingVisit, ...]:
    """The next visits that are booked, soonest first, and those whose time has passed unrecorded."""
    found = visits.booked_visits(session, limit=4 * PAGE)
    ids = [visit.patient_id for visit in found]
    people = accounts.patients(session, ids)
    query = select(Enrollment.patient_id, Enrollment.id).where(
        Enrollment.patient_id.in_(ids), Enrollment.status == "booked"
    )
    records = {row.patient_id: row.id for row in session.execute(query)}
    return tuple(
        UpcomingVisit(
            records.get(visit.patient_id),
            f"{people[visit.patient_id].given_name} {people[visit.patient_id].family_name}",
            visit,
        )
        for visit in found
    )


def _lines(session: Session, rows: list[Enrollment], viewer: UUID | None, now: datetime) -> list[Waiting]:
    ids = [row.patient_id for row in rows]
    people, flagged, booked = accounts.patients(session, ids), flags(session, ids), visits.booked_at(session, ids)
    owners = accounts.carers_among(session, {row.owner_id for row in rows if row.owner_id})
    names = accounts.display_names(session, owners)
    own = accounts.looked_after(session, user_id=viewer, patient_ids=ids) if viewer else set()
    return [
        Waiting(
            enrollment_id=row.id,
            patient_id=row.patient_id,
            patient_name=f"{people[row.patient_id].given_name} {people[row.patient_id].family_name}",
            state=row.state,
            status=row.status,
            since=row.status_changed_at,
            waited=max(now - row.status_changed_at, timedelta(0)),
            flag=flagged[row.patient_id],
            owner_name=names.get(row.owner_id, "") if row.owner_id else "",
            visit_at=booked.get(row.patient_id),
            mine=row.patient_id in own,
        )
        for row in rows
    ]


def _counts(session: Session, state: str | None) -> dict[str, int]:
    query = (
        select(Enrollment.status, func.count().label("number"))
        .where(Enrollment.status.in_(LISTED))
        .group_by(Enrollment.status)
    )
    if state:
        query = query.where(Enrollment.state == state)
    found = {row.status: row.number for row in session.execute(query)}
    return {status: found.get(status, 0) for status in LISTED}
