"""The inbox of Stripe's messages for staff: a page at a time, the newest first. Bodies stay sealed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from service.accounts.queries.people import staff_names
from service.billing.models import StripeEvent

ABOUT = {
    "subscription": ("customer.subscription.",),
    "charge": ("invoice.",),
    "page": ("checkout.session.",),
    "money_back": ("refund.", "charge.dispute."),
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is looked for: a shelf (waiting, failed, parked, done), and, None for any, what about and why parked."""

    shelf: str = "waiting"
    about: str | None = None
    parked_for: str | None = None


@dataclass(frozen=True, slots=True)
class Message:
    """One message, without its body."""

    id: UUID
    event_id: str
    kind: str
    object_id: str
    subject_id: str | None
    received_at: datetime
    try_at: datetime
    attempts: int
    handled_at: datetime | None
    parked_at: datetime | None
    parked_for: str | None
    last_error: str | None
    called_at: datetime | None
    touched_as: str | None
    touched_for: str | None
    touched_at: datetime | None
    touched_by: UUID | None

    @property
    def shelf(self) -> str:
        """Where it stands."""
        if self.handled_at is not None:
            return "dismissed" if self.parked_at is not None else "done"
        if self.parked_at is not None:
            return "parked"
        return "failed" if self.attempts else "waiting"


@dataclass(frozen=True, slots=True)
class Depth:
    """How many messages wait, of them failed before, and are parked; and since when the oldest waits."""

    waiting: int
    failed: int
    parked: int
    oldest_at: datetime | None


_COLUMNS = (
    StripeEvent.id,
    StripeEvent.stripe_event_id,
    StripeEvent.kind,
    StripeEvent.object_id,
    StripeEvent.subject_id,
    StripeEvent.received_at,
    StripeEvent.try_at,
    StripeEvent.attempts,
    StripeEvent.handled_at,
    StripeEvent.parked_at,
    StripeEvent.parked_for,
    StripeEvent.last_error,
    StripeEvent.called_at,
    StripeEvent.touched_as,
    StripeEvent.touched_for,
    StripeEvent.touched_at,
    StripeEvent.touched_by,
)
_WAITS = (StripeEvent.handled_at.is_(None), StripeEvent.parked_at.is_(None))
_PARKED = (StripeEvent.handled_at.is_(None), StripeEvent.parked_at.is_not(None))


def conditions(wanted: Wanted) -> list[ColumnElement[bool]]:
    """What fits, as SQL."""
    shelves: dict[str, tuple[ColumnElement[bool], ...]] = {
        "waiting": _WAITS,
        "failed": (*_WAITS, StripeEvent.attempts > 0),
        "parked": _PARKED,
        "done": (StripeEvent.handled_at.is_not(None),),
    }
    out = list(shelves[wanted.shelf])
    if wanted.about is not None:
        begins = ABOUT[wanted.about]
        out.append(or_(*(StripeEvent.kind.startswith(one, autoescape=True) for one in begins)))
    if wanted.parked_for is not None:
        out.append(StripeEvent.parked_for == wanted.parked_for)
    return out


def messages(session: Session, wanted: Wanted, *, before: UUID | None, limit: int) -> list[Message]:
    """Up to `limit` that fit, before one of them, the newest first. Ids grow with time."""
    query = select(*_COLUMNS).where(*conditions(wanted))
    if before is not None:
        query = query.where(StripeEvent.id < before)
    rows: Any = session.execute(query.order_by(StripeEvent.id.desc()).limit(limit))
    return [Message(*row) for row in rows]


def message(session: Session, message_id: UUID) -> Message | None:
    """One of them."""
    row: Any = session.execute(select(*_COLUMNS).where(StripeEvent.id == message_id)).one_or_none()
    return None if row is None else Message(*row)


def who(session: Session, user_id: UUID | None) -> str:
    """The name of whoever touched it last; empty where nobody did."""
    return staff_names(session, [user_id]).get(user_id, "") if user_id is not None else ""


def depth(session: Session) -> Depth:
    """How full the inbox is. Two index scans over what is not done."""
    waiting, failed, oldest = session.execute(
        select(func.count(), func.count().filter(StripeEvent.attempts > 0), func.min(StripeEvent.received_at)).where(
            *_WAITS
        )
    ).one()
    parked = session.scalar(select(func.count()).select_from(StripeEvent).where(*_PARKED))
    return Depth(int(waiting), int(failed), int(parked or 0), oldest)
