"""The waitlist: seen from a link in a mail, and counted for staff."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from service.enrollment.models import WaitlistEntry
from service.enrollment.rules.regions import REGIONS
from service.kit.ids import token_hash

LINK_LIFE = timedelta(hours=72)  # domain.md 8


@dataclass(frozen=True, slots=True)
class WaitlistPlace:
    """An entry as its owner's link shows it. It names a state alone: a mail program may open the link too."""

    state_name: str
    confirmed: bool
    left: bool
    told: bool
    expired: bool


@dataclass(frozen=True, slots=True)
class Waiting:
    """How many wait for one place. `program` is empty for the whole state. Nobody's address."""

    state: str
    program: str
    waiting: int
    unconfirmed: int
    told: int
    left: int


def place(session: Session, token: str, now: datetime) -> WaitlistPlace | None:
    """The entry behind a link, or None. Looking changes nothing: scanners open links too."""
    hashed = token_hash(token)
    mine = or_(WaitlistEntry.token_hash == hashed, WaitlistEntry.told_token_hash == hashed)
    row = session.scalars(select(WaitlistEntry).where(mine)).one_or_none()
    if row is None:
        return None
    return WaitlistPlace(
        state_name=REGIONS.get(row.state, row.state),
        confirmed=row.confirmed_at is not None,
        left=row.left_at is not None,
        told=row.told_at is not None,
        expired=row.confirmed_at is None and now - row.asked_at > LINK_LIFE,
    )


def counts(session: Session) -> tuple[Waiting, ...]:
    """How many wait for what, have heard, or have left: those whom most wait for first."""
    entry = WaitlistEntry
    here = entry.left_at.is_(None)
    waiting = func.count().filter(and_(here, entry.confirmed_at.is_not(None), entry.told_at.is_(None)))
    rows = session.execute(
        select(
            entry.state,
            entry.program,
            waiting,
            func.count().filter(and_(here, entry.confirmed_at.is_(None))),
            func.count().filter(and_(here, entry.told_at.is_not(None))),
            func.count().filter(~here),
        )
        .group_by(entry.state, entry.program)
        .order_by(waiting.desc(), entry.state, entry.program)
    )
    return tuple(Waiting(*row) for row in rows)
