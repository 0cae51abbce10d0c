"""What is held or booked when its patient moves: it becomes another kind of visit, or is let go. Joins the caller."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from service.visits.writes.bookings import locked


def becomes(session: Session, appointment_id: UUID, kind: str) -> None:
    """What was booked or held at this time is a visit of `kind` now."""
    row = locked(session, appointment_id)
    if row.status in ("held", "booked"):
        row.kind = kind
        session.flush()


def let_go(session: Session, appointment_id: UUID, now: datetime) -> bool:
    """Let go of a time that is held. False when it was no longer held."""
    row = locked(session, appointment_id)
    if row.status != "held":
        return False
    row.status, row.ended_at = "let_go", now
    session.flush()
    return True
