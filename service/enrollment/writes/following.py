"""An enrollment follows its patient to another state: what must stop stops in the transaction that keeps the move.

From the moment the new address is kept the one gate says no, because it reads where the patient lives. Here the
enrollment takes note of it, and visits that no clinician may hold there make way.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from service.accounts import queries as accounts
from service.accounts.queries import PatientDetails
from service.audit import writes as audit
from service.catalog.rules import engine
from service.catalog.rules.whole import Catalog
from service.consent import queries as consents
from service.enrollment import emails
from service.enrollment.models import Enrollment
from service.enrollment.queries.moving import welcome
from service.enrollment.queries.records import current_enrollment
from service.enrollment.rules.booking import MOVES_THE_ENROLLMENT, Wanted, wanted
from service.enrollment.rules.moving import Turn, turn
from service.enrollment.writes.places import relocate
from service.enrollment.writes.steps import give_visit_back, leave_after_visit, locked, move
from service.kit.actor import Actor
from service.mail import writes as mail
from service.visits import queries as visits
from service.visits import writes as bookings
from service.visits.queries import Visit
from service.visits.writes import following


def follow(session: Session, patient_id: UUID, catalog: Catalog, actor: Actor, now: datetime) -> Turn:
    """Bring a patient's enrollment to where they live now. Returns what that came to, "nothing" where all stays.

    Locks the enrollment: whoever locks the patient as well does so after it, as bookings do.
    """
    found = current_enrollment(session, patient_id)
    if found is None:
        return "nothing"
    row, person = locked(session, found.id), accounts.patient(session, patient_id)
    ahead = visits.booked_visit(session, patient_id)
    begun = ahead is not None and ahead.starts_at <= now
    what = turn(
        row.status,
        row.state,
        person.state,
        welcome=welcome(catalog, person.state, row.program, now),
        away=row.moving_since is not None,
        visit_begun=begun,
    )
    if what == "nothing":
        return what
    before = (row.state, row.moving_to, row.moving_since is None)
    if what == "relocate":
        relocate(session, row, person.state, actor, now)
    else:
        row.moving_to = person.state if what == "transfer" else None
        row.moving_since = None if what == "home" else row.moving_since or now
        session.flush()
    if (row.state, row.moving_to, row.moving_since is None) == before:
        return "nothing"
    _make_way(session, row, person, ahead if not begun else None, what, catalog, actor, now)
    return what


def all_signed(session: Session, enrollment: Enrollment | UUID, catalog: Catalog, actor: Actor, now: datetime) -> bool:
    """Move on who has nothing left to sign: whoever comes back to a state has signed its texts before.

    Returns whether it moved.
    """
    row = locked(session, enrollment if isinstance(enrollment, UUID) else enrollment.id)
    person = accounts.patient(session, row.patient_id)
    today = catalog.states[row.state].day(now)
    if row.status != "approved" or not consents.all_blocking_signed(session, person.id, row.state, catalog, today):
        return False
    move(session, row, "sign_last_consent", actor, now)
    return True


def _make_way(
    session: Session,
    row: Enrollment,
    person: PatientDetails,
    ahead: Visit | None,
    what: Turn,
    catalog: Catalog,
    actor: Actor,
    now: datetime,
) -> None:
    """What is held is let go. What is booked stays with a clinician who may see them there, else it is cancelled."""
    held = visits.live_hold(session, person.id, now)
    if held is not None:
        following.let_go(session, held.id, now)
    if ahead is None:
        return
    wish = wanted(row.status, row.state, row.moving_to) if what != "stop" else None
    if wish is not None and _may_hold(session, ahead, wish, catalog):
        following.becomes(session, ahead.id, wish.kind)
        if wish.kind == MOVES_THE_ENROLLMENT and row.status != "booked":
            move(session, row, "book", actor, now)
        return
    if not bookings.cancel(session, ahead.id, now):
        return
    leave_after_visit(session, row, ahead.practitioner_id)
    if row.status == "booked":
        give_visit_back(session, row, actor, now)
    audit.record(session, actor, "visit.cancel", "appointment", ahead.id, patient_id=person.id, reason="another_state")
    mail.put(
        session,
        emails.visit_not_there(ahead.starts_at, person.time_zone, person.locale, may_book=wish is not None),
        key=f"visit_not_there:{ahead.id}",
        user_id=person.user_id,
        locale=person.locale,
        now=now,
    )


def _may_hold(session: Session, visit: Visit, wish: Wanted, catalog: Catalog) -> bool:
    """Does a licence of the visit's clinician count, on its day, in the state where the patient lives now?"""
    place = catalog.states[wish.state]
    day = place.day(visit.starts_at)
    held = visits.held_by(session, visit.practitioner_id)
    return engine.holds(held, place.licenses_on(day), wish.state, day)
