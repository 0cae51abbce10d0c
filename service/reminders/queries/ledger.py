"""The ledger as staff see it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from service.accounts import queries as accounts
from service.mail.models import OutboxMessage
from service.reminders.models import Reminder
from service.reminders.queries.comparison import PATIENCE

STATES = ("queued", "sent", "skipped", "expired", "failed")


@dataclass(frozen=True, slots=True)
class LedgerLine:
    """One nudge and what became of its mail. `late`: it should have left a quarter of an hour ago and has not."""

    id: UUID
    patient_id: UUID
    patient_name: str
    time_zone: str
    step: str
    send_at: datetime
    status: str
    ended_at: datetime | None
    late: bool


def ledger(
    session: Session, now: datetime, *, status: str | None = None, page: int = 1, size: int = 50
) -> list[LedgerLine]:
    """The nudges, the newest first; `status` is one of STATES or None for all."""
    query = (
        select(
            Reminder.id,
            Reminder.patient_id,
            Reminder.step,
            Reminder.send_at,
            OutboxMessage.status,
            OutboxMessage.ended_at,
        )
        .join(OutboxMessage, OutboxMessage.id == Reminder.outbox_id)
        .order_by(Reminder.send_at.desc(), Reminder.id)
        .offset((page - 1) * size)
        .limit(size)
    )
    if status is not None:
        query = query.where(OutboxMessage.status == status)
    rows = session.execute(query).all()
    people = accounts.patients(session, {row.patient_id for row in rows})
    return [
        LedgerLine(
            id=row.id,
            patient_id=row.patient_id,
            patient_name=f"{people[row.patient_id].given_name} {people[row.patient_id].family_name}",
            time_zone=people[row.patient_id].time_zone,
            step=row.step,
            send_at=row.send_at,
            status=row.status,
            ended_at=row.ended_at,
            late=row.status == "queued" and row.send_at <= now - PATIENCE,
        )
        for row in rows
    ]


def counts(session: Session) -> dict[str, int]:
    """How many nudges are in each state."""
    rows = session.execute(
        select(OutboxMessage.status, func.count())
        .join(Reminder, Reminder.outbox_id == OutboxMessage.id)
        .group_by(OutboxMessage.status)
    )
    found = {row[0]: row[1] for row in rows}
    return {state: found.get(state, 0) for state in STATES}
