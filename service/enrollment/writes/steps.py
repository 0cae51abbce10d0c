"""How an enrollment begins, and the only way it moves. Inside the caller's transaction."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from service.accounts import queries as accounts
from service.accounts import writes as people
from service.audit import writes as audit
from service.enrollment.models import Enrollment, EnrollmentMove
from service.enrollment.rules import status
from service.kit.actor import SYSTEM, Actor
from service.kit.errors import NotFound, words
from service.kit.ids import new_id
from service.visits import queries as visits


def locked(session: Session, enrollment_id: UUID) -> Enrollment:
    """The enrollment's row, locked until the transaction ends and read anew. Raises NotFound."""
    statement = select(Enrollment).where(Enrollment.id == enrollment_id).with_for_update()
    row = session.scalars(statement.execution_options(populate_existing=True)).one_or_none()
    if row is None:
        raise NotFound("no_such_enrollment", words("We could not find that enrollment."))
    return row


def move(session: Session, enrollment: Enrollment | UUID, event: str, actor: Actor, now: datetime) -> str:
    """Lock the enrollment, apply rules/status.py, keep the step and its trace. Returns the new status.

    Whatever status the caller saw before does not count: the row is read again under the lock. Where care has ended,
    nobody looks after the patient any more.
    Raises Conflict when the table knows no such move, NotFound when there is no such enrollment.
    """
    row = locked(session, enrollment if isinstance(enrollment, UUID) else enrollment.id)
    return step(session, row, event, actor, now)


def step(
    session: Session, row: Enrollment, event: str, actor: Actor, now: datetime, *, place: str | None = None
) -> str:
    """Apply rules/status.py to a row that is locked. `place` is the state it goes on in, where that is what changes."""
    before = row.status
    row.status = status.move(before, event)
    if row.status != before:  # a new place is no new beginning: who waited goes on waiting since then
        row.status_changed_at = now
    _keep_step(session, row, event, before, actor, now, place)
    if row.status == "ended":
        people.end_care_team(session, patient_id=row.patient_id)
    audit.record(session, actor, f"enrollment.{event}", "enrollment", row.id, patient_id=row.patient_id, reason=place)
    session.flush()
    return row.status


def give_visit_back(session: Session, enrollment: Enrollment | UUID, actor: Actor, now: datetime) -> str:
    """The visit that led to a decision is cancelled, called off or missed: back to where it was booked from.

    Returns the new status. Raises as `move`.
    """
    row = locked(session, enrollment if isinstance(enrollment, UUID) else enrollment.id)
    booked = (EnrollmentMove.enrollment_id == row.id, EnrollmentMove.event == "book")
    latest = (
        select(EnrollmentMove.from_status).where(*booked).order_by(EnrollmentMove.at.desc(), EnrollmentMove.id.desc())
    )
    asked_more = session.scalar(latest.limit(1)) == "more_info"
    return step(session, row, "cancel_second_visit" if asked_more else "cancel_visit", actor, now)


def begin(
    session: Session,
    *,
    patient_id: UUID,
    assessment_id: UUID,
    program: str,
    state: str,
    actor: Actor,
    now: datetime,
) -> UUID:
    """Start a patient's way into `program`, at "assessed". Returns the enrollment's id.

    The database refuses a second live enrollment of the same patient.
    """
    row = Enrollment(
        id=new_id(),
        patient_id=patient_id,
        assessment_id=assessment_id,
        program=program,
        state=state,
        status="assessed",
        status_changed_at=now,
        created_at=now,
    )
    session.add(row)
    session.flush()
    _keep_step(session, row, "join", "", actor, now)
    audit.record(session, actor, "enrollment.join", "enrollment", row.id, patient_id=patient_id)
    session.flush()
    return row.id


def withdraw_all(session: Session, patient_ids: Sequence[UUID], now: datetime) -> None:
    """These patients' accounts were closed before they could do anything: their enrollments wait for nothing."""
    query = select(Enrollment.id).where(Enrollment.patient_id.in_(patient_ids), Enrollment.status == "assessed")
    for enrollment_id in session.scalars(query.order_by(Enrollment.id)).all():
        move(session, enrollment_id, "withdraw", SYSTEM, now)


def standing_owner(session: Session, row: Enrollment) -> UUID | None:
    """Who owns an enrollment; None too where that was somebody who has left the staff."""
    return next(iter(accounts.carers_among(session, [row.owner_id])), None) if row.owner_id else None


def leave_after_visit(session: Session, row: Enrollment, practitioner_id: UUID) -> None:
    """The visit that brought a clinician to this patient is cancelled: they leave, unless another reason keeps them."""
    for visit in visits.visits_of(session, row.patient_id):
        if visit.practitioner_id == practitioner_id and visit.status == "finished":
            return  # they have met: that stays
    clinician = visits.practitioner(session, practitioner_id)
    if clinician is not None and clinician.user_id != row.owner_id:
        people.leave_care_team(session, patient_id=row.patient_id, user_id=clinician.user_id, why="visit")


def _keep_step(
    session: Session,
    row: Enrollment,
    event: str,
    before: str,
    actor: Actor,
    now: datetime,
    place: str | None = None,
) -> None:
    session.add(
        EnrollmentMove(
            id=new_id(),
            enrollment_id=row.id,
            event=event,
            from_status=before,
            to_status=row.status,
            actor_id=actor.user_id,
            at=now,
            place=place,
        )
    )
