"""One visit goes to a colleague, or is called off: its clinician is ill, or their license has run out. They stay."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from service.accounts import queries as accounts
from service.audit import writes as audit
from service.enrollment.actions import placing
from service.enrollment.actions.look import check_may_look
from service.enrollment.actions.placing import ToPlace
from service.kit import db
from service.kit.actor import Actor
from service.kit.errors import Conflict, NotFound, words
from service.visits import queries as visits
from service.visits import writes as bookings
from service.visits.queries import Visit


def open_visit(*, appointment_id: UUID, actor: Actor, now: datetime) -> ToPlace:
    """The visit and who could hold it; the look is noted.

    Raises NotAllowed, NotFound, OutsideCareTeam for whoever does not look after this patient, Conflict for a visit that
    is booked no more or whose time is over.
    """
    with db.transaction() as session:
        visit = _ahead(session, appointment_id, actor, now)
        audit.record(session, actor, "record.view", "appointment", visit.id, patient_id=visit.patient_id)
        return placing.to_place(session, visit, now)


def place_visit(*, appointment_id: UUID, to: UUID | None, actor: Actor, now: datetime) -> None:
    """Give it to the practitioner `to`, or call it off where that is None. The patient is told by mail.

    Raises as `open_visit`, and Conflict where the colleague is free no more.
    """
    with db.transaction() as session:
        before = _ahead(session, appointment_id, actor, now)
        row = placing.enrollment_of(session, before)
        for practitioner_id in sorted({before.practitioner_id, *([to] if to else [])}):
            bookings.practitioner_locked(session, practitioner_id)
        placing.place(session, _ahead(session, appointment_id, actor, now), row, to, actor, now)


def _ahead(session: Session, appointment_id: UUID, actor: Actor, now: datetime) -> Visit:
    check_may_look(actor)
    visit = visits.visit(session, appointment_id)
    if visit is None or visit.status in ("held", "let_go"):
        raise NotFound("no_such_visit", words("We could not find that visit."))
    accounts.check_looks_after(session, actor, visit.patient_id)
    if visit.status != "booked" or visit.ends_at <= now:
        raise Conflict("visit_not_ahead", words("This visit is over, or is no longer booked. Nothing was changed."))
    return visit
