"""Which moments matter: the next one at which any room has something to do, and what happened in between."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from sqlalchemy.orm import Session

from service.billing import queries as billing
from service.checkins import queries as checkins
from service.mail import queries as mail
from service.reminders import queries as reminders
from service.safety import queries as safety

NextDue = Callable[[Session, datetime], datetime | None]
Happened = Callable[[Session, datetime, datetime], list[tuple[datetime, str]]]

NEXT_DUE: tuple[NextDue, ...] = (
    billing.next_due_at,
    checkins.next_due_at,
    mail.next_due_at,
    reminders.next_due_at,
    safety.next_due_at,
)
HAPPENED: tuple[Happened, ...] = (
    billing.happened,
    checkins.happened,
    mail.happened,
    reminders.happened,
    safety.happened,
)


def next_due_at(session: Session, after: datetime) -> datetime | None:
    """The next business moment after `after` at which there is work."""
    moments = [moment for ask in NEXT_DUE if (moment := ask(session, after)) is not None]
    return min(moments, default=None)


def happened(session: Session, since: datetime, until: datetime) -> list[tuple[datetime, str]]:
    """What happened after `since`, up to `until`, in order, in words without names."""
    return sorted(line for ask in HAPPENED for line in ask(session, since, until))
