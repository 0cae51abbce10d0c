"""How far behind billing's machinery is: numbers for whoever runs the service, and for a monitor."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from service.billing.models import Drift, Intent, Membership, StripeEvent
from service.billing.queries.watching.inbox import depth
from service.billing.queries.watching.runs import began_at, last_nightly_at
from service.billing.rules.drift import is_silent
from service.billing.rules.inbox import LATE_AFTER
from service.kit.ids import first_id

WINDOW = timedelta(hours=1)
MOST = 200


@dataclass(frozen=True, slots=True)
class Pace:
    """`lag_...`: seconds from a message's coming to its being done, of those of the last hour; None without any.

    `intents_unknown`: calls to Stripe without an answer. `nightly_age_hours`: since the last whole comparison began.
    """

    lag_p50: float | None
    lag_p95: float | None
    lag_max: float | None
    handled: int
    waiting: int
    failed: int
    parked: int
    oldest_waiting_seconds: float | None
    intents_unknown: int
    drift_open: int
    nightly_age_hours: float | None
    failed_payments: int
    late: bool
    silent: bool

    @property
    def well(self) -> bool:
        """Is nothing of it standing still? What waits for a person is not a fault of the machine."""
        return not self.late and not self.silent

    def numbers(self) -> dict[str, Any]:
        """All of it, for a log or a monitor."""
        return asdict(self)


def pace(session: Session, now: datetime, wall_now: datetime) -> Pace:
    """Read it. A handful of statements, each over what is open or of the last hour."""
    lag = func.extract("epoch", StripeEvent.handled_at - StripeEvent.received_at)
    # What is done the moment it comes is nothing we do, and what staff had handled again says nothing of our pace.
    p50, p95, most, handled = session.execute(
        select(
            func.percentile_cont(0.5).within_group(lag),
            func.percentile_cont(0.95).within_group(lag),
            func.max(lag),
            func.count(),
        ).where(
            StripeEvent.id >= first_id(wall_now - WINDOW),
            StripeEvent.handled_at > StripeEvent.received_at,
            StripeEvent.touched_at.is_(None),
        )
    ).one()
    inbox = depth(session)
    last, began = last_nightly_at(session), began_at(session)
    oldest = None if inbox.oldest_at is None else (wall_now - inbox.oldest_at).total_seconds()
    return Pace(
        lag_p50=_seconds(p50),
        lag_p95=_seconds(p95),
        lag_max=_seconds(most),
        handled=int(handled),
        waiting=inbox.waiting,
        failed=inbox.failed,
        parked=inbox.parked,
        oldest_waiting_seconds=_seconds(oldest),
        intents_unknown=_count(session, Intent.status == "meant", Intent.tries > 0),
        drift_open=_count(session, Drift.settled_at.is_(None)),
        nightly_age_hours=None if last is None else round((now - last).total_seconds() / 3600, 1),
        failed_payments=_count(session, Membership.status == "grace"),
        late=oldest is not None and oldest > LATE_AFTER.total_seconds(),
        silent=is_silent(now, last, began),
    )


@dataclass(frozen=True, slots=True)
class Unanswered:
    """A call to Stripe whose outcome nobody knows yet."""

    id: UUID
    membership_id: UUID
    kind: str
    meant_at: datetime
    tries: int
    try_at: datetime


def unanswered(session: Session) -> list[Unanswered]:
    """The oldest 200 calls that were made and have no answer. One that has just been meant is not among them."""
    rows: Any = session.execute(
        select(Intent.id, Intent.membership_id, Intent.kind, Intent.meant_at, Intent.tries, Intent.try_at)
        .where(Intent.status == "meant", Intent.tries > 0)
        .order_by(Intent.meant_at, Intent.id)
        .limit(MOST)
    )
    return [Unanswered(*row) for row in rows]


def _count(session: Session, *conditions: Any) -> int:
    return session.scalar(select(func.count()).where(*conditions)) or 0


def _seconds(value: Any) -> float | None:
    return None if value is None else round(float(value), 3)
