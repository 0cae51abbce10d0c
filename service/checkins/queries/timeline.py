"""When time alone changes something about check-ins, and what it changed."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from service.checkins.models import CheckIn, CheckInTurn


def next_due_at(session: Session, after: datetime) -> datetime | None:
    """The next business moment after `after` at which a check-in opens or closes."""
    moments = [
        session.scalar(select(func.min(CheckInTurn.due_at)).where(CheckInTurn.due_at > after)),
        session.scalar(select(func.min(CheckIn.closes_at)).where(CheckIn.status == "open", CheckIn.closes_at > after)),
    ]
    return min((moment for moment in moments if moment is not None), default=None)


def happened(session: Session, since: datetime, until: datetime) -> list[tuple[datetime, str]]:
    """What became of check-ins after `since` and up to `until`, in neutral sentences, in order."""
    kinds = (
        (CheckIn.due_at, CheckIn.due_at <= until, "A check-in opened"),
        (CheckIn.submitted_at, CheckIn.status == "submitted", "A check-in was completed"),
        (CheckIn.closes_at, CheckIn.status == "missed", "A check-in closed without answers"),
    )
    out: list[tuple[datetime, str]] = []
    for moment, true, sentence in kinds:
        rows = session.scalars(select(moment).where(moment > since, moment <= until, true))
        out += [(at, sentence) for at in rows if at is not None]
    return sorted(out)
