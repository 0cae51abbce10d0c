"""A patient books a free consultation, or gives its time back."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from service.accounts import queries as accounts
from service.accounts import writes as people
from service.audit import writes as audit
from service.enrollment import writes
from service.enrollment.models import Enrollment
from service.enrollment.queries import records
from service.kit import db
from service.kit.actor import Actor
from service.kit.errors import Conflict, NotAllowed, NotFound, Rejected, words
from service.mail import writes as mail
from service.visits import emails
from service.visits import queries as visits
from service.visits import writes as bookings

KIND = "consultation"


def book_visit(*, practitioner_id: UUID, starts_at: datetime, actor: Actor, now: datetime) -> UUID:
    """Book the consultation at `starts_at` with that practitioner. Returns the appointment's id.

    Booking the very same time again is the same booking. Raises Conflict when somebody was quicker, when it is no
    longer offered, or when the patient already has a visit; Rejected while the e-mail address is not confirmed.
    """
    patient_id = own_patient(actor)
    with db.transaction() as session:
        enrollment = _own_enrollment(session, patient_id)
        already = visits.booked_visit(session, patient_id)
        if already and (already.practitioner_id, already.starts_at) == (practitioner_id, starts_at):
            return already.id
        person = accounts.patient(session, patient_id)
        if not records.address_confirmed(session, person.user_id):
            raise Rejected("address_not_confirmed", words("Confirm your email address first: we sent you a link."))
        # One booking at a time for each practitioner, so that the loser hears it at once. The constraint is the truth.
        bookings.take_turns(session, practitioner_id)
        chosen = next(
            (
                time
                for time in visits.open_times(session, state=enrollment.state, now=now)
                if (time.practitioner.id, time.starts_at) == (practitioner_id, starts_at)
            ),
            None,
        )
        if chosen is None:
            raise bookings.time_taken()
        appointment_id = bookings.book(session, patient_id=patient_id, chosen=chosen, kind=KIND, now=now)
        people.join_care_team(session, patient_id=patient_id, user_id=chosen.practitioner.user_id, why="visit")
        writes.move(session, enrollment, "book", actor, now)
        audit.record(session, actor, "visit.book", "appointment", appointment_id, patient_id=patient_id)
        mail.put(
            session,
            emails.visit_booked(starts_at=starts_at, time_zone=person.time_zone, locale=person.locale),
            key=f"visit_booked:{appointment_id}",
            user_id=person.user_id,
            locale=person.locale,
            now=now,
        )
        return appointment_id


def cancel_visit(*, appointment_id: UUID, actor: Actor, now: datetime) -> None:
    """Give the time back. Cancelling again is no mistake. Raises NotFound, or Conflict once it has begun or is over."""
    patient_id = own_patient(actor)
    with db.transaction() as session:
        enrollment = _own_enrollment(session, patient_id)
        visit = visits.visit(session, appointment_id)
        if visit is None or visit.patient_id != patient_id:
            raise NotFound("no_such_visit", words("We could not find that visit."))
        if visit.status == "cancelled":
            return
        if visit.starts_at <= now or not bookings.cancel(session, appointment_id):
            raise Conflict("visit_begun", words("That visit has already begun or is over, so it cannot be cancelled."))
        writes.leave_after_visit(session, enrollment, visit.practitioner_id)
        writes.move(session, enrollment, "cancel_visit", actor, now)
        audit.record(session, actor, "visit.cancel", "appointment", appointment_id, patient_id=patient_id)
        person = accounts.patient(session, patient_id)
        mail.put(
            session,
            emails.visit_cancelled(starts_at=visit.starts_at, time_zone=person.time_zone, locale=person.locale),
            key=f"visit_cancelled:{appointment_id}",
            user_id=person.user_id,
            locale=person.locale,
            now=now,
        )


def own_patient(actor: Actor) -> UUID:
    """The patient who is acting. Raises NotAllowed for anybody else."""
    if actor.kind != "patient" or actor.patient_id is None:
        raise NotAllowed("patients_only", words("This page is for patients."))
    return actor.patient_id


def _own_enrollment(session: Session, patient_id: UUID) -> Enrollment:
    found = records.current_enrollment(session, patient_id)
    if found is None:
        raise Rejected("no_enrollment", words("Take the free assessment first. It tells you what comes next."))
    return writes.locked(session, found.id)
