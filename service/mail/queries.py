"""Looking into the outbox."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from service.mail.models import OutboxMessage


def counts(session: Session) -> dict[str, int]:
    """How many messages are in each state."""
    rows = session.execute(select(OutboxMessage.status, func.count().label("number")).group_by(OutboxMessage.status))
    return {row.status: row.number for row in rows}


def next_due_at(session: Session, after: datetime) -> datetime | None:
    """The next business moment after `after` at which a message is to be sent."""
    return session.scalar(
        select(func.min(OutboxMessage.send_at)).where(OutboxMessage.status == "queued", OutboxMessage.send_at > after)
    )


def happened(session: Session, since: datetime, until: datetime) -> list[tuple[datetime, str]]:
    """What the outbox did between two business moments, in words without names."""
    rows = session.execute(
        select(OutboxMessage.ended_at, OutboxMessage.status, OutboxMessage.template)
        .where(OutboxMessage.ended_at > since, OutboxMessage.ended_at <= until)
        .order_by(OutboxMessage.ended_at)
    )
    return [(row.ended_at, f"mail {row.status}: {row.template}") for row in rows]
