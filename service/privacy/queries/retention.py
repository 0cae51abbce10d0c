"""Whose record has been kept long enough, and what was removed so far."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, exists, func, not_, or_, select
from sqlalchemy.orm import Session

from service.accounts.models import Patient, SignIn, User
from service.billing.models import Invoice, Membership
from service.catalog.rules.retention import BY_OWNER, KeepRule
from service.checkins.models import CheckIn
from service.enrollment.models import Assessment, Enrollment
from service.privacy.models import RetentionRun
from service.privacy.queries.holds import held_patients
from service.safety.models import Alert
from service.visits.models import Appointment, Encounter, EncounterAddendum

NOTICE = timedelta(days=30)  # between the mail about an account nobody uses and its end


def _latest(column: Any, mine: ColumnElement[bool]) -> Any:
    return select(func.max(column)).where(mine).correlate(Patient).scalar_subquery()


def _last_contact() -> ColumnElement[datetime]:
    """The last moment at which this person and we had to do with each other. (`greatest` passes over nothing.)"""
    paid = (
        select(func.max(Invoice.paid_at))
        .join(Membership, Membership.id == Invoice.membership_id)
        .where(Membership.patient_id == Patient.id)
        .correlate(Patient)
        .scalar_subquery()
    )
    added = (  # N.J.A.C. 13:35-6.5 counts from the most recent entry, and an addendum is one
        select(func.max(EncounterAddendum.signed_at))
        .join(Encounter, Encounter.id == EncounterAddendum.encounter_id)
        .where(Encounter.patient_id == Patient.id)
        .correlate(Patient)
        .scalar_subquery()
    )
    return func.greatest(
        Patient.created_at,
        Patient.closed_at,
        _latest(func.upper(Appointment.during), Appointment.patient_id == Patient.id),
        _latest(Encounter.signed_at, Encounter.patient_id == Patient.id),
        added,
        _latest(CheckIn.submitted_at, CheckIn.patient_id == Patient.id),
        _latest(Enrollment.status_changed_at, Enrollment.patient_id == Patient.id),
        _latest(Membership.ended_at, Membership.patient_id == Patient.id),
        _latest(Alert.raised_at, Alert.patient_id == Patient.id),
        _latest(SignIn.seen_at, SignIn.user_id == Patient.user_id),
        Patient.last_seen_at,
        paid,
    )


def _was_in_care() -> ColumnElement[bool]:
    return or_(
        exists().where(Encounter.patient_id == Patient.id),
        exists().where(Membership.patient_id == Patient.id, Membership.activated_at.is_not(None)),
    )


def records_due(kind: str, keep: Mapping[str, KeepRule], now: datetime) -> Select[UUID]:
    """The patients whose whole record is due as `kind` (of BY_OWNER): none under a legal hold or with an open alert."""
    if kind not in BY_OWNER:
        raise ValueError(f"{kind} is not removed as a whole record")
    common = and_(
        _last_contact() < keep[kind].before(now),
        Patient.id.not_in(held_patients()),
        not_(exists().where(Alert.patient_id == Patient.id, Alert.acknowledged_at.is_(None))),
    )
    if kind == "clinical_record":
        return select(Patient.id).where(common, Patient.closed_at.is_not(None), _was_in_care())
    emergency = exists().where(
        Assessment.patient_id == Patient.id,
        Assessment.outcome == "emergency",
        Assessment.submitted_at >= keep["emergency_assessments"].before(now),
    )
    return select(Patient.id).where(common, not_(_was_in_care()), not_(emergency), _left_or_told(now))


def _is_proved() -> ColumnElement[bool]:
    """Is somebody behind the address? A mere claim may be a typing error: nobody is written to."""
    return exists().where(User.id == Patient.user_id, User.email_confirmed_at.is_not(None))


def _left_or_told(now: datetime) -> ColumnElement[bool]:
    """Nobody's account goes behind their back: they closed it, or were told in time and did not come back since."""
    told = and_(Patient.removal_told_at > _last_contact(), Patient.removal_told_at <= now - NOTICE)
    return or_(Patient.closed_at.is_not(None), not_(_is_proved()), told)


def to_be_told(keep: Mapping[str, KeepRule], now: datetime) -> Select[UUID]:
    """The patients whose account nobody uses, and who have not been told that it will go."""
    return select(Patient.id).where(
        Patient.closed_at.is_(None),
        _is_proved(),
        not_(_was_in_care()),
        _last_contact() < keep["never_patients"].before(now + NOTICE),
        or_(Patient.removal_told_at.is_(None), Patient.removal_told_at <= _last_contact()),
        Patient.id.not_in(held_patients()),
    )


def customers_due(session: Session, keep: Mapping[str, KeepRule], now: datetime) -> list[str]:
    """Whose records are due, as the payment provider calls them: there we remove nothing by ourselves."""
    due = or_(*(Membership.patient_id.in_(records_due(kind, keep, now)) for kind in BY_OWNER))
    query = select(Membership.stripe_customer_id).where(Membership.stripe_customer_id.is_not(None), due)
    return sorted({found for found in session.scalars(query) if found is not None})


def last_run(session: Session) -> datetime | None:
    """When the service last removed what was due. Business time."""
    return session.scalar(select(func.max(RetentionRun.ran_at)).where(RetentionRun.counts.has_key("copies")))


def runs(session: Session, limit: int = 30) -> list[tuple[datetime, dict[str, int]]]:
    """What was removed, the latest first: counts, never whose."""
    query = select(RetentionRun.ran_at, RetentionRun.counts).order_by(RetentionRun.ran_at.desc()).limit(limit)
    return [(row.ran_at, row.counts) for row in session.execute(query)]


def closed_accounts(session: Session, limit: int = 100) -> list[tuple[UUID, datetime]]:
    """(patient, when) of closed accounts, the latest first."""
    query = select(Patient.id, Patient.closed_at).where(Patient.closed_at.is_not(None))
    rows = session.execute(query.order_by(Patient.closed_at.desc()).limit(limit))
    return [(row.id, row.closed_at) for row in rows if row.closed_at is not None]
