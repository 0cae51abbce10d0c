"""Removing what is no longer kept: each day by the service, and whole records by the owner of the database.

What is written down of it are counts, never whose or what. Every step may be stopped anywhere and begun again.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from sqlalchemy import func, select

from service.accounts.models import Patient
from service.audit import writes as audit
from service.catalog.rules.retention import BY_OWNER, BY_SERVICE, KeepRule
from service.catalog.rules.whole import Catalog
from service.kit import db
from service.kit.actor import SYSTEM
from service.kit.ids import new_id
from service.privacy import queries, writes
from service.privacy.models import RetentionRun
from service.privacy.writes.removal import STEPS, Moments

log = structlog.get_logger(__name__)
BATCH = 200  # rows a transaction removes: locks are held for an instant
MOST_BATCHES = 500  # of one kind in one run; the rest follows with the next
DAILY = timedelta(hours=20)  # the timetable asks every hour, so that a restart of beat costs no day


def retain_daily(*, catalog: Catalog, now: datetime, wall_now: datetime) -> Mapping[str, int] | None:
    """As `retain`, unless it was done within the day: then None."""
    with db.reading() as session:
        last = queries.last_run(session)
    if last is not None and now - last < DAILY:
        return None
    return retain(catalog=catalog, now=now, wall_now=wall_now)


def retain(*, catalog: Catalog, now: datetime, wall_now: datetime) -> Mapping[str, int]:
    """Remove what the service itself removes, kind by kind in small transactions. Returns how many rows of each.

    A kind that fails does not stop the others: it is logged, its count is what went before.
    """
    counts = dict.fromkeys(BY_SERVICE, 0)
    for kind in STEPS:
        try:
            for _ in range(MOST_BATCHES):
                removed = _batch(kind, catalog.retention[kind], now, wall_now)
                counts[kind] += removed
                if removed == 0:
                    break
        except Exception as error:
            log.exception("something could not be removed", kind=kind, error=type(error).__name__)
    _note(counts, now)
    return counts


def due(*, catalog: Catalog, now: datetime, wall_now: datetime) -> Mapping[str, int]:
    """What would go now: rows of each kind of the service's, and whole records for the owner. Changes nothing."""
    with db.reading() as session:
        at = Moments(now, wall_now, queries.held_keys(session))
        counts = {
            kind: session.scalar(
                select(func.count()).select_from(queries.records_due(kind, catalog.retention, now).subquery())
            )
            or 0
            for kind in BY_OWNER
        }
        return counts | {kind: writes.count_due(session, kind, catalog.retention[kind], at) for kind in STEPS}


def remove_records(*, catalog: Catalog, now: datetime) -> Mapping[str, int]:
    """Remove whole records that were kept long enough, one patient a transaction. Returns how many people of each kind.

    Needs the owner's role: as the service it ends with the database's own no, and nothing is removed.
    """
    counts = dict.fromkeys(BY_OWNER, 0)
    for kind in BY_OWNER:
        with db.reading() as session:
            found = list(session.scalars(queries.records_due(kind, catalog.retention, now)))
        counts[kind] = sum(_remove(patient_id, kind, catalog.retention, now) for patient_id in found)
    _note(counts, now)
    return counts


def _batch(kind: str, keep: KeepRule, now: datetime, wall_now: datetime) -> int:
    with db.transaction() as session:
        at = Moments(now, wall_now, queries.held_keys(session))
        return writes.remove_due(session, kind, keep, at, BATCH)


def _remove(patient_id: UUID, kind: str, keep: Mapping[str, KeepRule], now: datetime) -> bool:
    """One record, locked and looked at again: a hold may have been placed a moment ago."""
    with db.transaction() as session:
        locked = session.scalar(select(Patient.id).where(Patient.id == patient_id).with_for_update())
        if locked is None:
            return False
        if session.scalar(queries.records_due(kind, keep, now).where(Patient.id == patient_id)) is None:
            return False
        writes.remove_record(session, patient_id)
        return True


def _note(counts: Mapping[str, int], now: datetime) -> None:
    with db.transaction() as session:
        run = RetentionRun(id=new_id(), ran_at=now, counts=dict(counts))
        session.add(run)
        audit.record(session, SYSTEM, "retention.run", "retention", run.id)
    log.info("what is no longer kept was removed", **counts)
