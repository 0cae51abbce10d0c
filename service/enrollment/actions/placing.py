"""A visit that its clinician cannot hold: who could instead, and giving it to them or calling it off."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from service.accounts import queries as accounts
from service.accounts import writes as people
from service.audit import writes as audit
from service.enrollment import writes
from service.enrollment.models import Enrollment
from service.enrollment.queries import records
from service.kit.actor import Actor
from service.kit.errors import Conflict, words
from service.mail import writes as mail
from service.visits import emails
from service.visits import writes as bookings
from service.visits.queries import Practitioner, Visit
from service.visits.queries.openings import who_is_free
from service.visits.rules.times import Span
from service.visits.writes.handing import hand_over


@dataclass(frozen=True, slots=True)
class ToPlace:
    """A visit that loses its clinician, and who may hold it instead: licensed in that state, in hours, and free."""

    visit: Visit
    patient_name: str
    state: str
    time_zone: str
    colleagues: tuple[Practitioner, ...]


def enrollment_of(session: Session, visit: Visit) -> Enrollment | None:
    """The enrollment of whoever the visit is with, locked. Whoever books locks it first, too."""
    found = records.current_enrollment(session, visit.patient_id)
    return None if found is None else writes.locked(session, found.id)


def _state(session: Session, visit: Visit) -> str:
    """Where the clinician of a visit must be licensed."""
    found = records.current_enrollment(session, visit.patient_id)
    if found is None:
        return accounts.patient(session, visit.patient_id).state
    row = session.get_one(Enrollment, found.id)
    return row.moving_to or row.state if visit.kind == "transfer" else row.state


def _free(session: Session, visit: Visit, now: datetime) -> list[Practitioner]:
    zone = accounts.patient(session, visit.patient_id).time_zone
    return [
        one
        for one in who_is_free(
            session,
            state=_state(session, visit),
            at=Span(visit.starts_at, visit.ends_at),
            now=now,
            zone=zone,
            physician_only=visit.physician_asked,
        )
        if one.id != visit.practitioner_id
    ]


def to_place(session: Session, visit: Visit, now: datetime) -> ToPlace:
    """The visit, and who could hold it."""
    person = accounts.patient(session, visit.patient_id)
    return ToPlace(
        visit,
        f"{person.given_name} {person.family_name}",
        _state(session, visit),
        person.time_zone,
        tuple(_free(session, visit, now)),
    )


def place(session: Session, visit: Visit, row: Enrollment | None, to: UUID | None, actor: Actor, now: datetime) -> None:
    """Give the visit to the practitioner `to`, or call it off where that is None, and write to the patient.

    `row` is the patient's enrollment, locked. Raises Conflict where the colleague is free no more.
    """
    person = accounts.patient(session, visit.patient_id)
    letter = emails.visit_called_off if to is None else emails.visit_with_another
    if to is None:
        bookings.cancel(session, visit.id, now)
    else:
        colleague = next((one for one in _free(session, visit, now) if one.id == to), None)
        if colleague is None:
            raise Conflict(
                "colleague_taken", words("A colleague is no longer free. Nothing was saved. Look at the list again.")
            )
        hand_over(session, visit.id, colleague, now)
        people.join_care_team(session, patient_id=visit.patient_id, user_id=colleague.user_id, why="visit")
    if row is not None:
        writes.leave_after_visit(session, row, visit.practitioner_id)
        if to is None and row.status == "booked" and visit.kind == "consultation":
            writes.give_visit_back(session, row, actor, now)
    act = "visit.call_off" if to is None else "visit.hand_over"
    audit.record(session, actor, act, "appointment", visit.id, patient_id=visit.patient_id)
    mail.put(
        session,
        letter(starts_at=visit.starts_at, time_zone=person.time_zone, locale=person.locale),
        key=f"{act}:{visit.id}:{to}:{now.isoformat()}",
        user_id=person.user_id,
        locale=person.locale,
        now=now,
    )
