"""The staff home: what needs a person now, in counts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from service.billing import queries as billing
from service.catalog.rules.whole import Catalog
from service.enrollment.models import Enrollment
from service.mail.models import OutboxMessage
from service.reminders import queries as reminders
from service.safety.models import Alert
from service.visits.models import Appointment, Practitioner


@dataclass(frozen=True, slots=True)
class VisitToday:
    """A visit within the coming hours."""

    id: UUID
    starts_at: datetime
    practitioner: str


@dataclass(frozen=True, slots=True)
class StaffHome:
    """Counts only: no name and no record is opened by looking at this page."""

    queue: dict[str, int]
    oldest_waiting_since: datetime | None
    alerts_open: int
    alerts_overdue: int
    visits: tuple[VisitToday, ...]
    failed_mails: int
    money: billing.Waits
    reminders: reminders.Comparison


def staff_home(session: Session, catalog: Catalog, *, from_: datetime, until: datetime, now: datetime) -> StaffHome:
    """Gather the counts; visits are those between `from_` and `until`, the viewer's own day."""
    rows = session.execute(
        select(Enrollment.status, func.count(), func.min(Enrollment.status_changed_at))
        .where(Enrollment.status.not_in(("declined", "ended")))
        .group_by(Enrollment.status)
    ).all()
    waiting = [since for status, _count, since in rows if status == "decided"]
    open_alerts, overdue = session.execute(
        select(func.count(), func.count().filter(Alert.acknowledge_by <= now)).where(Alert.acknowledged_at.is_(None))
    ).one()
    failed = session.scalar(
        select(func.count()).where(OutboxMessage.status == "failed", OutboxMessage.ended_at > now - timedelta(days=7))
    )
    return StaffHome(
        queue={status: count for status, count, _since in rows},
        oldest_waiting_since=min(waiting, default=None),
        alerts_open=open_alerts,
        alerts_overdue=overdue,
        visits=_visits(session, from_, until),
        failed_mails=failed or 0,
        money=billing.waits(session),
        reminders=reminders.compare(session, catalog, now),
    )


def _visits(session: Session, from_: datetime, until: datetime) -> tuple[VisitToday, ...]:
    starts = func.lower(Appointment.during)
    rows = session.execute(
        select(Appointment.id, starts.label("starts_at"), Practitioner.display_name)
        .join(Practitioner, Practitioner.id == Appointment.practitioner_id)
        .where(Appointment.status == "booked", starts >= from_, starts < until)
        .order_by(starts)
    )
    return tuple(VisitToday(*row) for row in rows)
