"""The sealer: the only one that chains. Requests insert rows and never wait for it or for one another."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import insert, text
from sqlalchemy.orm import Session

from service.audit import queries
from service.audit.models import AuditLink
from service.audit.rules.chain import link
from service.kit import db

LOCK = 7_205_759_403_793  # one sealer, or one purge, at a time
BATCH = 2000
BATCHES = 50  # in one call; the next tick goes on


def seal(
    *, wall_now: datetime, look_back: timedelta = queries.LOOK_BACK, batch: int = BATCH, batches: int = BATCHES
) -> int:
    """Chain what was committed since the last time. Returns how many entries.

    Within a batch by id; an entry with a lower id that is committed later comes later: the position is the order. A
    second sealer at the same moment does nothing. A sealer that dies leaves whole batches or nothing.
    """
    total = 0
    for _ in range(batches):
        done = _batch(wall_now, look_back, batch)
        total += done
        if done < batch:
            break
    return total


def _batch(wall_now: datetime, look_back: timedelta, size: int) -> int:
    with db.transaction() as session:
        if not _alone(session):
            return 0
        queries.read_only_the_window(session)
        newest = queries.newest(session, look_back)
        entries = queries.unsealed(session, newest.since, size)
        position, before = newest.head
        links = []
        for entry in entries:
            position, before = position + 1, link(before, entry)
            links.append({"position": position, "entry_id": entry.id, "hash": before, "sealed_at": wall_now})
        if links:
            session.execute(insert(AuditLink), links)
        return len(links)


def _alone(session: Session) -> bool:
    """True for the one sealer; the lock ends with the transaction, also when its process dies."""
    return bool(session.execute(text("SELECT pg_try_advisory_xact_lock(:lock)"), {"lock": LOCK}).scalar_one())
