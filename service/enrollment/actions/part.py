"""A clinician leaves: every visit booked for afterwards goes to a colleague, or is called off with a word about why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from service.audit import writes as audit
from service.enrollment.actions import placing
from service.enrollment.actions.placing import ToPlace
from service.kit import db
from service.kit.actor import Actor
from service.kit.errors import Conflict, NotAllowed, NotFound, Rejected, words
from service.visits import queries as visits
from service.visits import writes as bookings
from service.visits.queries import Practitioner, Visit
from service.visits.queries.visits import visits_with
from service.visits.rules.times import Span, at_wall_time, local_day
from service.visits.writes.handing import let_go_with

FURTHEST = timedelta(days=366)
OWNERS_ONLY = NotAllowed("owners_only", words("Only an owner of the practice can change this."))
NOBODY = NotFound("no_such_practitioner", words("We could not find that clinician."))
MORE_CAME = Conflict(
    "visits_changed", words("The visits have changed meanwhile. Nothing was saved. Look at the list again.")
)


@dataclass(frozen=True, slots=True)
class Parting:
    """Who leaves, and what is booked with them from that day on, soonest first."""

    clinician: Practitioner
    visits: tuple[ToPlace, ...]


def open_parting(*, user_id: UUID, on: date | None, actor: Actor, now: datetime) -> Parting:
    """The page before somebody leaves; whose names it showed is noted. Without a day, no visits.

    Raises NotAllowed for all but owners, NotFound for whoever does not practise.
    """
    _check(actor)
    with db.transaction() as session:
        clinician = _clinician(session, user_id)
        if on is None:
            return Parting(clinician, ())
        found = tuple(placing.to_place(session, visit, now) for visit in _after(session, clinician, on, now))
        shown = [(one.visit.id, one.visit.patient_id) for one in found]
        audit.record_many(session, actor, "queue.view", "appointment", shown)
        return Parting(clinician, found)


def part(*, user_id: UUID, on: date, places: Mapping[UUID, UUID | None], actor: Actor, now: datetime) -> None:
    """From `on`, on their own calendar, they see nobody. `places`: each visit's new practitioner, None to call it off.

    All of it happens, or nothing. Raises NotAllowed for all but owners, NotFound, Rejected for a day past or too far,
    Conflict where a visit is missing from `places` (somebody booked meanwhile) or a colleague is free no more.
    """
    _check(actor)
    with db.transaction() as session:
        clinician = _clinician(session, user_id)
        if not timedelta() <= on - local_day(now, clinician.time_zone) <= FURTHEST:
            raise Rejected("day_not_ahead", words("Choose a day from today on, at most a year ahead."))
        # In the order in which whoever books takes them: first the enrollment, then the clinician.
        ahead = _after(session, clinician, on, now)
        rows = {
            visit.id: placing.enrollment_of(session, visit) for visit in sorted(ahead, key=lambda one: one.patient_id)
        }
        for practitioner_id in sorted({clinician.id, *(one for one in places.values() if one is not None)}):
            bookings.practitioner_locked(session, practitioner_id)
        since = at_wall_time(on, time(), clinician.time_zone)
        let_go_with(session, clinician.id, Span(since, max(since, now) + FURTHEST), now)
        ahead = _after(session, clinician, on, now)
        if {visit.id for visit in ahead} != rows.keys() or not rows.keys() <= places.keys():
            raise MORE_CAME
        for visit in ahead:
            placing.place(session, visit, rows[visit.id], places[visit.id], actor, now)
        leaving = bookings.practitioner_locked(session, clinician.id)
        leaving.left_on = on
        audit.record(session, actor, "clinician.leave", "practitioner", clinician.id, reason=on.isoformat())


def stay(*, user_id: UUID, actor: Actor) -> None:
    """They do not leave after all, or come back: bookable again, as far as licences and hours go."""
    _check(actor)
    with db.transaction() as session:
        row = bookings.practitioner_locked(session, _clinician(session, user_id).id)
        if row.left_on is not None:
            row.left_on = None
            audit.record(session, actor, "clinician.stay", "practitioner", row.id)


def _check(actor: Actor) -> None:
    if actor.role != "owner":
        raise OWNERS_ONLY


def _clinician(session: Session, user_id: UUID) -> Practitioner:
    found = visits.practitioner_of(session, user_id)
    if found is None:
        raise NOBODY
    return found


def _after(session: Session, clinician: Practitioner, on: date, now: datetime) -> list[Visit]:
    since = max(now, at_wall_time(on, time(), clinician.time_zone))
    return visits_with(session, clinician.id, since)
