"""When the next nudge is to be planned, and which were."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from service.checkins.models import CheckIn
from service.reminders.models import Reminder
from service.visits import queries as visits


def next_due_at(session: Session, after: datetime) -> datetime | None:
    """The next business moment after `after` at which a nudge is to be planned."""
    of_checkins = session.scalar(
        select(func.min(CheckIn.remind_at)).where(CheckIn.status == "open", CheckIn.remind_at > after)
    )
    found = [at for at in (of_checkins, visits.next_remind_at(session, after)) if at is not None]
    return min(found, default=None)


def happened(session: Session, since: datetime, until: datetime) -> list[tuple[datetime, str]]:
    """The nudges due to leave after `since` and up to `until`, in neutral sentences, in order."""
    rows = session.scalars(
        select(Reminder.send_at).where(Reminder.send_at > since, Reminder.send_at <= until).order_by(Reminder.send_at)
    )
    return [(at, "A reminder was due to leave") for at in rows]
