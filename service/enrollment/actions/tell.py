"""A state has opened, or a program in it: everybody who waited for it hears, once."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

import structlog
from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session

from service.catalog.queries import open_programs
from service.catalog.rules.whole import Catalog
from service.enrollment import emails
from service.enrollment.models import WaitlistEntry
from service.enrollment.rules.regions import REGIONS, Place, opened_places
from service.enrollment.rules.waiting import SEND_WITHIN, is_daytime
from service.kit import crypto, db, queue
from service.kit.ids import new_token, token_hash
from service.mail import writes as mail

log = structlog.get_logger(__name__)

BATCH = 200
JOB = "enrollment.tell_waiting"


def tell_waiting(*, catalog: Catalog, now: datetime, limit: int = BATCH) -> int:
    """Write to those who wait for what is open by now, at an hour when people are up there. Returns how many.

    Each in its own transaction, which marks them as told and queues the mail: whoever is told is told once, whatever
    breaks in between, and whoever else is sweeping. One entry that cannot be read never stops the rest. A full batch
    asks for the next.
    """
    opened = [
        place
        for place in opened_places(open_programs(catalog, now))
        if is_daytime(now, catalog.states[place.state].time_zone)
    ]
    told, unreadable = 0, set[UUID]()
    while told < limit:
        found = _tell_one(opened, unreadable, now)
        if found is None:
            return told
        told += found
    with db.transaction() as session:
        queue.enqueue(session, JOB)
    return told


def _tell_one(opened: Collection[Place], unreadable: set[UUID], now: datetime) -> int | None:
    """One entry: 1 told, 0 could not be read (noted in `unreadable`), None nobody left."""
    row_id: UUID | None = None
    try:
        with db.transaction() as session:
            row = _next(session, opened, unreadable)
            if row is None:
                return None
            row_id = row.id
            _tell(session, row, now)
    except Exception:
        if row_id is None:
            raise
        log.exception("somebody who waits could not be told", entry=str(row_id))
        unreadable.add(row_id)
        return 0
    return 1


def _next(session: Session, opened: Collection[Place], unreadable: Collection[UUID]) -> WaitlistEntry | None:
    if not opened:
        return None
    waits = (
        WaitlistEntry.confirmed_at.is_not(None),
        WaitlistEntry.left_at.is_(None),
        WaitlistEntry.told_at.is_(None),
        tuple_(WaitlistEntry.state, WaitlistEntry.program).in_([(place.state, place.program) for place in opened]),
        WaitlistEntry.id.not_in(unreadable),
    )
    query = select(WaitlistEntry).where(*waits).order_by(WaitlistEntry.confirmed_at, WaitlistEntry.id).limit(1)
    return session.scalars(query.with_for_update(skip_locked=True)).one_or_none()


def _tell(session: Session, row: WaitlistEntry, now: datetime) -> None:
    token = new_token()
    row.told_at, row.told_token_hash = now, token_hash(token)
    since = row.confirmed_at.isoformat() if row.confirmed_at else ""
    mail.put(
        session,
        emails.waitlist_opened(token, REGIONS[row.state]),
        key=f"waitlist:{row.id}:opened:{since}",
        address=crypto.unseal(row.email_sealed, "waitlist_entries", "email", row.id),
        locale=row.locale,
        now=now,
        send_before=now + SEND_WITHIN,
        wanted_while=f"waitlist_open:{row.id}",
    )
