"""Stripe's messages are acted upon. What a message says is never believed, only that it came."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import structlog
from sqlalchemy import bindparam, select, text

from service.billing import queries, rules
from service.billing.actions import hearing, sync
from service.billing.gateway import Gateway
from service.billing.models import StripeEvent
from service.catalog.rules.whole import Catalog
from service.kit import db
from service.kit.commands import Command
from service.kit.errors import TryAgain

log = structlog.get_logger(__name__)
BATCH = 100
_UNHEARD = (StripeEvent.handled_at.is_(None), StripeEvent.parked_at.is_(None))
_TAKE = Command(
    select(StripeEvent.kind, StripeEvent.object_id, StripeEvent.subject_id)
    .where(StripeEvent.id == bindparam("id"), *_UNHEARD)
    .with_for_update(skip_locked=True)
)
_DONE = Command(
    text("UPDATE stripe_events SET attempts = attempts + 1, handled_at = :now, last_error = NULL WHERE id = :id")
)


def handle_event(*, event_id: UUID, gateway: Gateway, catalog: Catalog, now: datetime, wall_now: datetime) -> bool:
    """Act upon one message: lock, ask Stripe what is true now, write it, mark it handled, all in one transaction.

    True when it is handled, now or before. A failure is kept in a transaction of its own and tried again later.
    """
    try:
        _act(event_id, gateway, catalog, now, wall_now)
    except sync.Unclaimed as error:
        log.error("a message from Stripe needs a person", inbox=str(event_id), reason=str(error))
        _note_failure(event_id, str(error), wall_now, park="unclaimed")
        return False
    except Exception as error:
        retry = isinstance(error, TryAgain)
        log.warning("a message could not be handled", inbox=str(event_id), exc_info=None if retry else error)
        reason = f"{type(error).__name__}: {error}" if retry else type(error).__name__
        _note_failure(event_id, reason, wall_now)
        return False
    return True


def sweep_events(*, gateway: Gateway, catalog: Catalog, now: datetime, wall_now: datetime) -> int:
    """Handle what a lost job left behind, and try again what failed. Returns how many were handled."""
    with db.reading() as session:
        waiting = queries.waiting_events(session, wall_now, BATCH)
    return handle_events(event_ids=waiting, gateway=gateway, catalog=catalog, now=now, wall_now=wall_now)


def handle_events(
    *, event_ids: Sequence[UUID], gateway: Gateway, catalog: Catalog, now: datetime, wall_now: datetime
) -> int:
    """Act upon several messages, each for itself. Returns how many were handled."""
    return sum(
        handle_event(event_id=event_id, gateway=gateway, catalog=catalog, now=now, wall_now=wall_now)
        for event_id in event_ids
    )


def _act(event_id: UUID, gateway: Gateway, catalog: Catalog, now: datetime, wall_now: datetime) -> None:
    with db.transaction() as session:
        row = _TAKE.run(session, id=event_id)
        if row is None:
            return  # handled, parked, or another worker has it
        heard = hearing.Heard(row.kind, row.object_id, row.subject_id)
        hearing.hear(session, heard, gateway=gateway, catalog=catalog, now=now)
        _DONE.run(session, id=event_id, now=wall_now)


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
