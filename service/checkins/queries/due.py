"""Which memberships to look at now, and what the ticks will find later."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from service.accounts.models import Patient
from service.billing.models import Membership
from service.checkins.models import CheckIn, CheckInTurn
from service.enrollment.models import Enrollment


@dataclass(frozen=True, slots=True)
class Turn:
    """A membership whose moment to be looked at has come."""

    membership_id: UUID
    patient_id: UUID
    status: str
    activated_at: datetime
    program: str
    time_zone: str
    closed: bool


def turns_due(session: Session, now: datetime, limit: int) -> list[Turn]:
    """The memberships to look at by `now`, the longest-waiting first, each locked; those another tick holds are left
    to it.
    """
    rows = session.execute(
        select(
            CheckInTurn.membership_id,
            Membership.patient_id,
            Membership.status,
            Membership.activated_at,
            Enrollment.program,
            Patient.time_zone,
            Patient.closed_at,
        )
        .join(Membership, Membership.id == CheckInTurn.membership_id)
        .join(Enrollment, Enrollment.id == Membership.enrollment_id)
        .join(Patient, Patient.id == Membership.patient_id)
        .where(CheckInTurn.look_at <= now)
        .order_by(CheckInTurn.look_at)
        .limit(limit)
        .with_for_update(of=CheckInTurn, skip_locked=True)
    )
    return [
        Turn(
            row.membership_id,
            row.patient_id,
            row.status,
            row.activated_at,
            row.program,
            row.time_zone,
            row.closed_at is not None,
        )
        for row in rows
    ]


@dataclass(frozen=True, slots=True)
class ToRemind:
    """An open check-in whose next nudge is due, and what is needed to plan it."""

    id: UUID
    patient_id: UUID
    user_id: UUID
    time_zone: str
    key: str
    due_at: datetime
    closes_at: datetime


def to_remind(session: Session, now: datetime, limit: int) -> list[ToRemind]:
    """Open check-ins whose `remind_at` has come, each locked; those another tick holds are left to it."""
    rows = session.execute(
        select(
            CheckIn.id,
            CheckIn.patient_id,
            Patient.user_id,
            Patient.time_zone,
            CheckIn.key,
            CheckIn.due_at,
            CheckIn.closes_at,
        )
        .join(Patient, Patient.id == CheckIn.patient_id)
        .where(CheckIn.status == "open", CheckIn.remind_at <= now)
        .order_by(CheckIn.remind_at)
        .limit(limit)
        .with_for_update(of=CheckIn, skip_locked=True)
    )
    return [ToRemind(*row) for row in rows]
