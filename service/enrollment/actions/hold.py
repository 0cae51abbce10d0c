"""A patient chooses a time: it is kept for them while they read what comes with it."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from service.accounts import queries as accounts
from service.audit import writes as audit
from service.catalog.rules.whole import Catalog
from service.enrollment.actions.book import own_enrollment, own_patient, wish_of
from service.enrollment.queries import records
from service.enrollment.queries.booking import stops
from service.kit import db
from service.kit.actor import Actor
from service.kit.errors import Conflict, Rejected, words
from service.visits import queries as visits
from service.visits import writes as bookings
from service.visits.queries import OpenTime, Visit
from service.visits.rules import day


def hold_time(
    *,
    practitioner_id: UUID,
    starts_at: datetime,
    physician_only: bool = False,
    catalog: Catalog,
    actor: Actor,
    now: datetime,
) -> UUID:
    """Keep the time at `starts_at` with that practitioner for ten minutes. Returns the appointment's id.

    The very same time again is the same hold, and ends when it would have. Another one lets the first go. With a visit
    ahead it is the time that visit may be changed to. Raises Conflict when somebody was quicker, when it is no longer
    offered, or too late to change; Rejected while something stands against booking.
    """
    patient_id = own_patient(actor)
    with db.transaction() as session:
        enrollment = own_enrollment(session, patient_id)
        wish = wish_of(enrollment)
        person = accounts.patient(session, patient_id)
        if not records.address_confirmed(session, person.user_id):
            raise Rejected("address_not_confirmed", words("Confirm your email address first: we sent you a link."))
        before = visits.booked_visit(session, patient_id)
        _check_change(before, practitioner_id, starts_at, catalog, now)
        again = visits.live_hold(session, patient_id, now)
        if again and (again.practitioner_id, again.starts_at) == (practitioner_id, starts_at):
            return again.id
        # One booking at a time for each practitioner, so that the loser hears it at once. The constraint is the truth.
        bookings.take_turns(session, practitioner_id)
        held = visits.licenses_of(session, practitioner_id)
        if stops(session, patient_id, enrollment.program, wish, catalog, now, at=starts_at, licenses=held):
            raise not_now()
        chosen = _offered(session, practitioner_id, starts_at, wish.state, person.time_zone, physician_only, now)
        if chosen is None:
            raise bookings.time_taken()
        appointment_id = bookings.hold(
            session,
            patient_id=patient_id,
            chosen=chosen,
            kind=wish.kind,
            until=day.held_until(now, catalog.visits),
            physician_asked=physician_only,
            changed_from_id=before.id if before else None,
            now=now,
        )
        audit.record(session, actor, "visit.hold", "appointment", appointment_id, patient_id=patient_id)
        return appointment_id


def not_now() -> Rejected:
    """What somebody hears against whose visit a rule stands: where they live, or what we may do there."""
    return Rejected(
        "not_now", words("We cannot book a visit for you at the moment. Call us: together we find out why.")
    )


def _check_change(
    before: Visit | None, practitioner_id: UUID, starts_at: datetime, catalog: Catalog, now: datetime
) -> None:
    if before is None:
        return
    if (before.practitioner_id, before.starts_at) == (practitioner_id, starts_at):
        raise Conflict("same_time", words("This is the time you have booked already."))
    if not day.may_change(before.starts_at, now, catalog.visits):
        raise Conflict("too_late_to_change", words("It is too late to change this visit. Call us if you cannot come."))


def _offered(
    session: Session,
    practitioner_id: UUID,
    starts_at: datetime,
    state: str,
    zone: str,
    physician_only: bool,
    now: datetime,
) -> OpenTime | None:
    """The open time that was asked for, if it is one."""
    offered = visits.open_times(
        session, state=state, now=now, physician_only=physician_only, practitioner_id=practitioner_id, zone=zone
    )
    return next((time for time in offered if time.starts_at == starts_at), None)
