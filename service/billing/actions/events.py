"""Stripe's messages are acted upon. What a message says is never believed, only that it came."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Sequence
from datetime import datetime
from typing import Literal
from uuid import UUID

import structlog
from sqlalchemy import select, text

from service.billing import queries, rules, writes
from service.billing.actions import hearing, sync
from service.billing.gateway import Bug, Gateway
from service.billing.models import StripeEvent
from service.catalog.rules.whole import Catalog
from service.kit import db
from service.kit.commands import Command
from service.kit.errors import TryAgain

log = structlog.get_logger(__name__)
BATCH = 100
SECONDS = 45.0  # of each minute's sweep
_TAKEN = queries.TOLD_BY_ID.with_for_update(skip_locked=True).cte("taken")
_TAKE = Command(select(_TAKEN, writes.locking(_TAKEN.c.subject_id)))  # and nobody else works on what they are about
_DONE = Command(
    text("UPDATE stripe_events SET attempts = attempts + 1, handled_at = :now, last_error = NULL WHERE id = ANY(:ids)")
)


def handle_event(*, event_id: UUID, gateway: Gateway, catalog: Catalog, now: datetime, wall_now: datetime) -> bool:
    """Act upon one message: lock, ask Stripe what is true now, write it, mark it handled, all in one transaction.

    True when it is handled, now or before. A failure is kept in a transaction of its own and tried again later.
    """
    return _handle([event_id], gateway, catalog, now, wall_now) == "done"


def sweep_events(
    *, gateway: Gateway, catalog: Catalog, now: datetime, wall_now: datetime, seconds: float = SECONDS
) -> int:
    """Handle what a lost job left behind, and try again what failed, for so long. Returns how many were handled.

    Where Stripe is away the rest waits: each would hold a worker for as long as Stripe may take.
    """
    ends, handled = time.monotonic() + seconds, 0
    while True:
        with db.reading() as session:
            waiting = queries.waiting_events(session, wall_now, BATCH)
        done, well = _each(waiting, gateway, catalog, now, wall_now, ends)
        handled += done
        if not well or len(waiting) < BATCH:
            return handled


def handle_events(
    *, event_ids: Sequence[UUID], gateway: Gateway, catalog: Catalog, now: datetime, wall_now: datetime
) -> int:
    """Act upon several messages; what Stripe is away for, the sweeper finds. Returns how many.

    Those about one subscription are answered by one look at Stripe, in one transaction; nobody stops the others.
    """
    with db.asking() as session:
        told = queries.unheard(session, event_ids)
    return _each(told, gateway, catalog, now, wall_now, None)[0]


def _each(
    told: Sequence[rules.Told],
    gateway: Gateway,
    catalog: Catalog,
    now: datetime,
    wall_now: datetime,
    ends: float | None,
) -> tuple[int, bool]:
    """How many were handled, and whether all had their turn: there was time, and Stripe answered."""
    handled = in_a_row = 0
    waiting = deque(rules.together(told))
    while waiting:
        event_ids = waiting.popleft()
        came = _handle(event_ids, gateway, catalog, now, wall_now)
        if came == "apart":
            waiting.extendleft([one] for one in reversed(event_ids))
            continue
        handled += len(event_ids) if came == "done" else 0
        in_a_row = in_a_row + 1 if came == "away" else 0
        if in_a_row >= rules.ENOUGH or (ends is not None and time.monotonic() >= ends):
            return handled, False
    return handled, True


def _handle(
    event_ids: Sequence[UUID], gateway: Gateway, catalog: Catalog, now: datetime, wall_now: datetime
) -> Literal["done", "away", "failed", "apart"]:
    """Apart: one of several failed, and nothing was done or noted; each has to be tried for itself."""
    try:
        _act(event_ids, gateway, catalog, now, wall_now)
    except Exception as error:
        away = isinstance(error, TryAgain)
        if len(event_ids) > 1 and not away:
            return "apart"
        for event_id in event_ids:
            _failed(event_id, error, wall_now)
        return "away" if away else "failed"
    return "done"


def _act(event_ids: Sequence[UUID], gateway: Gateway, catalog: Catalog, now: datetime, wall_now: datetime) -> None:
    with db.transaction() as session:
        rows = [row for row in _TAKE.rows(session, ids=list(event_ids)) if row.waits]
        if not rows:
            return  # handled, parked, or another worker has them
        heard, *others = (hearing.Heard(row.kind, row.object_id, row.subject_id) for row in rows)
        hearing.hear(session, heard, others=others, gateway=gateway, catalog=catalog, now=now)
        _DONE.run(session, ids=[row.id for row in rows], now=wall_now)


def _failed(event_id: UUID, error: Exception, wall_now: datetime) -> None:
    if isinstance(error, sync.Unclaimed):
        log.error("a message from Stripe needs a person", inbox=str(event_id), reason=str(error))
        _note_failure(event_id, str(error), wall_now, park="unclaimed")
        return
    named = str(error) if isinstance(error, TryAgain | Bug) else None  # codes only, as the gateway has them
    log.warning("a message could not be handled", inbox=str(event_id), why=named, exc_info=None if named else error)
    kind = type(error).__name__
    _note_failure(event_id, f"{kind}: {error}" if isinstance(error, TryAgain) else kind, wall_now)


def _note_failure(event_id: UUID, reason: str, wall_now: datetime, *, park: str | None = None) -> None:
    with db.transaction() as session:
        row = session.get_one(StripeEvent, event_id, with_for_update=True)
        if row.handled_at is not None:
            return
        row.attempts += 1
        row.last_error = reason[:300]
        wait = None if park else rules.retry_after(row.attempts)
        if wait is None:
            row.parked_at, row.parked_for = wall_now, park or "failed"
            log.error("a message from Stripe was parked", inbox=str(event_id), attempts=row.attempts)
        else:
            row.try_at = wall_now + wait
