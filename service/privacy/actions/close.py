"""Closing one's account. First no charge can come any more, then everything else in one transaction.

So nothing is ever half closed: until the last step the account is as it was (perhaps with a membership that has ended),
and whoever tries again goes on from there.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from service.accounts import queries as accounts
from service.accounts.models import Patient, User
from service.audit import writes as audit
from service.billing import actions as billing
from service.billing import writes as memberships
from service.billing.gateway import Gateway
from service.catalog.rules.whole import Catalog
from service.enrollment import writes as enrollments
from service.enrollment.models import Enrollment
from service.kit import db
from service.kit.actor import Actor
from service.kit.errors import NotAllowed, TryAgain, words
from service.mail import writes as mail
from service.privacy import emails, queries, rules, writes
from service.safety import queries as safety
from service.safety import rules as safety_rules
from service.safety import writes as calls
from service.visits import queries as visits
from service.visits import writes as bookings

TRIES = 3  # a payment may come in between; then it is stopped too


def close_account(*, gateway: Gateway, catalog: Catalog, actor: Actor, now: datetime, wall_now: datetime) -> None:
    """Close the actor's own account. Twice is once.

    Raises NotAllowed for anybody but a patient, TryAgain when the payment provider cannot be asked: the account is
    then still open, and the next try goes on from there.
    """
    if actor.kind != "patient" or actor.patient_id is None:
        raise NotAllowed("patients_only", words("This page is for patients."))
    for _ in range(TRIES):
        billing.stop_charges(patient_id=actor.patient_id, gateway=gateway, catalog=catalog, actor=actor, now=now)
        if _close(actor.patient_id, catalog, actor, now, wall_now):
            return
    raise TryAgain("somebody was paying while the account was to be closed")


def _close(patient_id: UUID, catalog: Catalog, actor: Actor, now: datetime, wall_now: datetime) -> bool:
    """Everything but the money, at once. False when a charge has become possible meanwhile: nothing is changed then."""
    with db.transaction() as session:
        # The order of locks is everywhere the same: enrollment, membership, then the rest.
        living = select(Enrollment.id).where(
            Enrollment.patient_id == patient_id, Enrollment.status.not_in(("declined", "ended"))
        )
        row = enrollments.locked(session, found) if (found := session.scalar(living)) else None
        patient = _locked(session, patient_id)
        if patient.closed_at is not None:
            return True
        if not memberships.end_unpaid(session, patient_id, now):
            return False
        user = session.get_one(User, patient.user_id, with_for_update={"key_share": True})
        held = queries.is_held(session, patient_id)
        in_care = _in_care(session, patient_id, row)
        _end_visit(session, patient_id, actor, now)
        if row is not None:
            enrollments.move(session, row, "end" if row.status == "active" else "withdraw", actor, now)
        writes.close_checkins(session, patient_id)
        writes.drop_mails(session, user.id, now)
        writes.drop_copies(session, patient_id, keep=held)
        if user.email_confirmed_at is not None:
            writes.leave_waitlist(session, user.email_index, keep=held, now=now)
        _say_goodbye(session, user, now)
        writes.shut(session, user, now=now, wall_now=wall_now)
        patient.closed_at = now
        if not held:
            writes.remove_openers(session, user.id)
        if in_care:
            _call(session, patient_id, catalog, now)
        audit.record(session, actor, "account.close", "user", user.id, patient_id=patient_id)
        return True


def _locked(session: Session, patient_id: UUID) -> Patient:
    query = select(Patient).where(Patient.id == patient_id).with_for_update(key_share=True)
    return session.scalars(query.execution_options(populate_existing=True)).one()


def _in_care(session: Session, patient_id: UUID, row: Enrollment | None) -> bool:
    """Is a clinician's work with them under way, or does an alert wait? Then somebody must call them."""
    under_way = row is not None and row.status in rules.IN_CARE
    return under_way or patient_id in safety.patients_alerted(session, [patient_id])


def _end_visit(session: Session, patient_id: UUID, actor: Actor, now: datetime) -> None:
    booked = visits.booked_visit(session, patient_id)
    if booked is not None and bookings.cancel(session, booked.id, now):
        audit.record(session, actor, "visit.cancel", "appointment", booked.id, patient_id=patient_id)


def _say_goodbye(session: Session, user: User, now: datetime) -> None:
    """The last mail goes to the address itself: the account behind it no longer has any."""
    found = accounts.address_of(session, user.id)
    if found is not None:
        address, _, locale = found
        mail.put(
            session, emails.account_closed(), key=f"account_closed:{user.id}", address=address, locale=locale, now=now
        )


def _call(session: Session, patient_id: UUID, catalog: Catalog, now: datetime) -> None:
    """Nobody is left alone with what they take at home: a person looks, and calls while we still have a number."""
    calls.raise_alert(
        session,
        code=rules.CLOSED_ALERT,
        source_kind="account",
        source_id=patient_id,
        patient_id=patient_id,
        now=now,
        definition=safety_rules.definition(catalog, rules.CLOSED_ALERT),
    )
