"""One enrollment: where it stands, how it came there, and what a clinician decided."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from service.accounts import queries as accounts
from service.accounts.models import Patient, User
from service.enrollment.models import EligibilityDecision, Enrollment, EnrollmentMove
from service.kit import crypto


@dataclass(frozen=True, slots=True)
class EnrollmentDetails:
    """An enrollment without anything clinical in it.

    `moving_since`: since when they live in another state; `moving_to` is that state where care may go on there.
    """

    id: UUID
    patient_id: UUID
    assessment_id: UUID
    program: str
    state: str
    status: str
    status_changed_at: datetime
    owner_id: UUID | None
    created_at: datetime
    moving_to: str | None = None
    moving_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """One move of an enrollment, and whose. `place` is the state it goes on in, where that is what changed."""

    event: str
    to_status: str
    actor_name: str
    at: datetime
    place: str | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """What a clinician decided, resting on which encounter."""

    encounter_id: UUID
    practitioner_id: UUID
    decision: str
    reason: str
    decided_at: datetime


_COLUMNS = (
    Enrollment.id,
    Enrollment.patient_id,
    Enrollment.assessment_id,
    Enrollment.program,
    Enrollment.state,
    Enrollment.status,
    Enrollment.status_changed_at,
    Enrollment.owner_id,
    Enrollment.created_at,
    Enrollment.moving_to,
    Enrollment.moving_since,
)

# Built once: it is asked on every home page, which asks it together with other rooms' questions.
LATEST_OF_PATIENT = (
    select(*_COLUMNS)
    .where(Enrollment.patient_id == bindparam("patient_id"))
    .order_by(Enrollment.created_at.desc())
    .limit(1)
)


def enrollment(session: Session, enrollment_id: UUID) -> EnrollmentDetails | None:
    """One enrollment, or None."""
    row = session.execute(select(*_COLUMNS).where(Enrollment.id == enrollment_id)).one_or_none()
    return None if row is None else EnrollmentDetails(*row)


def current_enrollment(session: Session, patient_id: UUID) -> EnrollmentDetails | None:
    """A patient's latest enrollment, living or over, or None."""
    row = session.execute(LATEST_OF_PATIENT, {"patient_id": patient_id}).one_or_none()
    return None if row is None else EnrollmentDetails(*row)


def latest_of_user(session: Session, user_id: UUID) -> Enrollment | None:
    """The latest enrollment, living or over, of the patient with this account, or None."""
    whose = select(Patient.id).where(Patient.user_id == user_id).scalar_subquery()
    query = select(Enrollment).where(Enrollment.patient_id == whose).order_by(Enrollment.created_at.desc())
    return session.scalars(query.limit(1)).one_or_none()


def steps(session: Session, enrollment_id: UUID) -> list[Step]:
    """How an enrollment came where it is, oldest first."""
    rows = session.execute(
        select(
            EnrollmentMove.event,
            EnrollmentMove.to_status,
            EnrollmentMove.actor_id,
            EnrollmentMove.at,
            EnrollmentMove.place,
        )
        .where(EnrollmentMove.enrollment_id == enrollment_id)
        .order_by(EnrollmentMove.at, EnrollmentMove.id)
    ).all()
    names = accounts.display_names(session, {row.actor_id for row in rows if row.actor_id})
    return [Step(row.event, row.to_status, names.get(row.actor_id, ""), row.at, row.place) for row in rows]


def latest_decision(session: Session, enrollment_id: UUID) -> Decision | None:
    """The last decision on an enrollment, with its reason opened, or None."""
    row = session.execute(
        select(
            EligibilityDecision.id,
            EligibilityDecision.encounter_id,
            EligibilityDecision.practitioner_id,
            EligibilityDecision.decision,
            EligibilityDecision.reason_sealed,
            EligibilityDecision.decided_at,
        )
        .where(EligibilityDecision.enrollment_id == enrollment_id)
        .order_by(EligibilityDecision.decided_at.desc(), EligibilityDecision.id.desc())
        .limit(1)
    ).one_or_none()
    if row is None:
        return None
    reason = ""
    if row.reason_sealed is not None:
        reason = crypto.unseal(row.reason_sealed, "eligibility_decisions", "reason", row.id)
    return Decision(row.encounter_id, row.practitioner_id, row.decision, reason, row.decided_at)


def decision_on(session: Session, encounter_id: UUID) -> str | None:
    """What was decided on one encounter: approve, decline or more_info; None where nothing was."""
    query = select(EligibilityDecision.decision).where(EligibilityDecision.encounter_id == encounter_id)
    return session.scalar(query)


def address_confirmed(session: Session, patient_user_id: UUID) -> bool:
    """Has this account proved its e-mail address?"""
    return session.scalar(select(User.email_confirmed_at).where(User.id == patient_user_id)) is not None
