"""A patient books the time they hold, in place of an earlier one or not; or gives its time back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from service.accounts import queries as accounts
from service.accounts import writes as people
from service.audit import writes as audit
from service.catalog.rules.whole import Catalog
from service.consent import writes as evidence
from service.enrollment import writes
from service.enrollment.models import Enrollment
from service.enrollment.queries import records
from service.enrollment.queries.booking import stops
from service.enrollment.queries.papers import provider_of
from service.enrollment.rules import booking as rules
from service.kit import db
from service.kit.actor import Actor
from service.kit.errors import Conflict, NotAllowed, NotFound, Rejected, words
from service.mail import writes as mail
from service.visits import emails
from service.visits import queries as visits
from service.visits import writes as bookings
from service.visits.queries import Visit
from service.visits.rules import day

OWN_WORDS_MAX = 1000


def confirm_visit(
    *,
    appointment_id: UUID,
    needs: Sequence[str] = (),
    own_words: str = "",
    catalog: Catalog,
    actor: Actor,
    now: datetime,
) -> bool:
    """Book what the patient holds; a visit it was chosen in place of is given up in the same moment.

    `needs` are of visits.rules.day.NEEDS. Returns whether it is a change. Booking it again is the same booking.
    Raises NotFound for somebody else's, Conflict "hold_over" when its ten minutes are over or something stands
    against it now, "too_late_to_change", "has_a_visit"; Rejected for words that are too long.
    """
    patient_id = own_patient(actor)
    if len(own_words) > OWN_WORDS_MAX:
        raise Rejected("too_long", words("Keep this under 1,000 letters."))
    with db.transaction() as session:
        enrollment = own_enrollment(session, patient_id)
        visit = own_visit(session, appointment_id, patient_id)
        if visit.status == "booked":
            return visit.changed_from_id is not None
        wish = wish_of(enrollment)
        _still_allowed(session, enrollment, visit, wish, catalog, now)
        before = visits.booked_visit(session, patient_id)
        if before is not None:
            _give_up(session, enrollment, before, visit, catalog, now)
        asked = [need for need in day.NEEDS if need in needs]
        if not bookings.confirm(session, appointment_id, needs=asked, own_words=own_words.strip(), now=now):
            raise _hold_over()
        clinician = visits.practitioner(session, visit.practitioner_id)
        if clinician is not None:
            people.join_care_team(session, patient_id=patient_id, user_id=clinician.user_id, why="visit")
        if wish.kind == rules.MOVES_THE_ENROLLMENT and enrollment.status != "booked":
            writes.move(session, enrollment, "book", actor, now)
        what = "visit.change" if before else "visit.book"
        audit.record(session, actor, what, "appointment", appointment_id, patient_id=patient_id)
        evidence.issue(
            session,
            patient_id=patient_id,
            occasion="booking",
            about_id=appointment_id,
            catalog=catalog,
            now=now,
            visit_at=visit.starts_at,
            provider=provider_of(session, visit.practitioner_id),
        )
        _tell(session, visit, before, now)
        return before is not None


def cancel_visit(*, appointment_id: UUID, catalog: Catalog, actor: Actor, now: datetime) -> None:
    """Give the time back. Cancelling again is no mistake. Raises NotFound, or Conflict once it has begun or is over."""
    patient_id = own_patient(actor)
    with db.transaction() as session:
        enrollment = own_enrollment(session, patient_id)
        visit = own_visit(session, appointment_id, patient_id)
        if visit.status == "cancelled":
            return
        in_time = day.may_cancel(visit.starts_at, now, catalog.visits)
        if not in_time or not bookings.cancel(session, appointment_id, now):
            raise Conflict("visit_begun", words("That visit has already begun or is over, so it cannot be cancelled."))
        writes.leave_after_visit(session, enrollment, visit.practitioner_id)
        if visit.kind == rules.MOVES_THE_ENROLLMENT:
            writes.give_visit_back(session, enrollment, actor, now)
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


def own_enrollment(session: Session, patient_id: UUID) -> Enrollment:
    """The patient's latest enrollment, locked. Raises Rejected where there is none."""
    found = records.current_enrollment(session, patient_id)
    if found is None:
        raise Rejected("no_enrollment", words("Take the free assessment first. It tells you what comes next."))
    return writes.locked(session, found.id)


def own_visit(session: Session, appointment_id: UUID, patient_id: UUID) -> Visit:
    """One of the patient's own appointments, held ones too. Raises NotFound."""
    visit = visits.visit(session, appointment_id)
    if visit is None or visit.patient_id != patient_id:
        raise NotFound("no_such_visit", words("We could not find that visit."))
    return visit


def wish_of(enrollment: Enrollment) -> rules.Wanted:
    """The visit that is next. Raises Conflict where none is."""
    wish = rules.wanted(enrollment.status, enrollment.state, enrollment.moving_to)
    if wish is None:
        raise Conflict("no_visit_next", words("There is no visit to book at the moment."))
    return wish


def _still_allowed(
    session: Session, enrollment: Enrollment, visit: Visit, wish: rules.Wanted, catalog: Catalog, now: datetime
) -> None:
    """Much may happen in ten minutes: a license ends, somebody leaves or moves, the enrollment goes on."""
    if visit.status != "held" or visit.held_until is None or visit.held_until <= now or visit.kind != wish.kind:
        raise _hold_over()
    held = visits.licenses_of(session, visit.practitioner_id)
    if stops(
        session, visit.patient_id, enrollment.program, wish, catalog, now, at=visit.starts_at, licenses=held
    ) or not _practises(session, visit):
        raise _hold_over()


def _practises(session: Session, visit: Visit) -> bool:
    clinician = visits.practitioner(session, visit.practitioner_id)
    if clinician is None or not accounts.carers_among(session, [clinician.user_id]):
        return False
    return not clinician.has_left(visit.starts_at)


def _give_up(
    session: Session, enrollment: Enrollment, before: Visit, after: Visit, catalog: Catalog, now: datetime
) -> None:
    """The visit that is changed makes way for the new one, all or nothing."""
    if after.changed_from_id != before.id:
        raise Conflict("has_a_visit", words("You already have a visit booked. Change that one instead."))
    if not day.may_change(before.starts_at, now, catalog.visits):
        raise Conflict("too_late_to_change", words("It is too late to change this visit. Call us if you cannot come."))
    bookings.cancel(session, before.id, now)
    if before.practitioner_id != after.practitioner_id:
        writes.leave_after_visit(session, enrollment, before.practitioner_id)


def _hold_over() -> Conflict:
    return Conflict(
        "hold_over", words("We could not keep that time any longer, so nothing was booked. Here is what is open now.")
    )


def _tell(session: Session, visit: Visit, before: Visit | None, now: datetime) -> None:
    person = accounts.patient(session, visit.patient_id)
    zone, locale = person.time_zone, person.locale
    letter = (
        emails.visit_changed(starts_at=visit.starts_at, before=before.starts_at, time_zone=zone, locale=locale)
        if before
        else emails.visit_booked(starts_at=visit.starts_at, time_zone=zone, locale=locale)
    )
    mail.put(session, letter, key=f"visit_booked:{visit.id}", user_id=person.user_id, locale=locale, now=now)
