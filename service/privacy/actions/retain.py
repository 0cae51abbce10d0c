"""Removing what is no longer kept: each day by the service, and whole records by the owner of the database.

What is written down of it are counts, never whose or what. Every step may be stopped anywhere and begun again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from sqlalchemy import func, select

from service.accounts import queries as accounts
from service.accounts.models import Patient
from service.audit import writes as audit
from service.catalog.rules.retention import BY_OWNER, BY_SERVICE, KeepRule
from service.catalog.rules.whole import Catalog
from service.kit import db
from service.kit.actor import SYSTEM
from service.kit.ids import new_id
from service.mail import writes as mail
from service.privacy import emails, queries, writes
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
    _besides("somebody could not be told", lambda: _tell_unused(catalog, now))
    _besides("care teams could not be ended", lambda: _end_teams(catalog, now, wall_now))
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


def customers_due(*, catalog: Catalog, now: datetime) -> list[str]:
    """The payment provider's ids of those whose whole records would go now: afterwards nothing here leads to them."""
    with db.reading() as session:
        return queries.customers_due(session, catalog.retention, now)


def remove_records(*, catalog: Catalog, now: datetime) -> Mapping[str, int]:
    """Remove whole records that were kept long enough, one patient a transaction. Returns how many people of each kind.

    Each removal is in the trail with itself; one that fails does not stop the others, and the first such failure is
    raised at the end. Needs the owner's role: as the service it ends with the database's own no, and nothing goes.
    """
    counts, failures = dict.fromkeys(BY_OWNER, 0), list[Exception]()
    try:
        for kind in BY_OWNER:
            with db.reading() as session:
                found = list(session.scalars(queries.records_due(kind, catalog.retention, now)))
            for patient_id in found:
                try:
                    counts[kind] += _remove(patient_id, kind, catalog.retention, now)
                except Exception as error:
                    log.error("a record could not be removed", kind=kind, error=type(error).__name__)
                    failures.append(error)
    finally:
        _note(counts, now)
    if failures:
        raise failures[0]
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
        # That one went, with it or not at all; whose it was is what we no longer keep.
        audit.record(session, SYSTEM, "retention.remove", "retention", reason=kind)
        return True


def _tell_unused(catalog: Catalog, now: datetime) -> None:
    """Write to those whose account nobody uses, in time to come back. The next run tells the next ones."""
    with db.transaction() as session:
        due = queries.to_be_told(catalog.retention, now).limit(BATCH)
        rows = select(Patient).where(Patient.id.in_(due)).with_for_update(skip_locked=True, key_share=True)
        for patient in session.scalars(rows):
            found = accounts.address_of(session, patient.user_id)
            if found is None:
                continue
            patient.removal_told_at = now
            letter = emails.account_unused(goes_on=(now + queries.NOTICE).date(), locale=found[2])
            key = f"account_unused:{patient.user_id}:{now:%Y-%m-%d}"
            mail.put(session, letter, key=key, user_id=patient.user_id, locale=found[2], now=now)


def _end_teams(catalog: Catalog, now: datetime, wall_now: datetime) -> None:
    with db.transaction() as session:
        keep = catalog.retention["closed_contacts"]
        writes.end_care_after_care(
            session, closed_before=keep.before(now), joined_before=keep.before(wall_now), wall_now=wall_now
        )


def _besides(what: str, act: Callable[[], None]) -> None:
    """Something that is done with each run and counts nothing. It does not stop the rest."""
    try:
        act()
    except Exception as error:
        log.exception(what, error=type(error).__name__)


def _note(counts: Mapping[str, int], now: datetime) -> None:
    with db.transaction() as session:
        run = RetentionRun(id=new_id(), ran_at=now, counts=dict(counts))
        session.add(run)
        audit.record(session, SYSTEM, "retention.run", "retention", run.id)
    log.info("what is no longer kept was removed", **counts)
