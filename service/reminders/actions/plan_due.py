"""The tick that puts the nudges of open check-ins into the outbox, once each."""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog
from sqlalchemy.orm import Session

from service.catalog.rules.whole import Catalog
from service.checkins import queries as checkins
from service.checkins import writes as checkin_writes
from service.checkins.queries import ToRemind
from service.kit import db
from service.reminders import rules, writes
from service.reminders.queries import LADDER, SPACING

log = structlog.get_logger(__name__)

BATCH = 50  # locked at a time: an answer that is being given never waits for a whole morning's nudges
REST = timedelta(minutes=15)  # how long one that cannot be planned stands aside for the others


def plan_due(*, catalog: Catalog, now: datetime, limit: int = 500) -> int:
    """Queue every nudge whose moment has come. Returns how many; when none has, it is one index probe.

    Of several steps that have come only the newest is sent, so nobody meets a backlog. One check-in that cannot be
    planned stands aside, so that it never holds up the others. Each batch is kept before the next begins.
    """
    planned = 0
    for _ in range(0, limit, BATCH):
        with db.transaction() as session:
            batch = checkins.to_remind(session, now, BATCH)
            planned += sum(_plan_or_rest(session, checkin, catalog, now) for checkin in batch)
        if len(batch) < BATCH:
            break
    return planned


def _plan_or_rest(session: Session, checkin: ToRemind, catalog: Catalog, now: datetime) -> bool:
    try:
        with session.begin_nested():
            return _plan(session, checkin, catalog, now)
    except Exception:
        log.exception("a reminder could not be planned", checkin=str(checkin.id))
        checkin_writes.remind_at(session, checkin.id, now + REST)
        return False


def _plan(session: Session, checkin: ToRemind, catalog: Catalog, now: datetime) -> bool:
    quiet = catalog.reminders.quiet_hours
    steps = rules.plan(catalog.reminders.ladders[LADDER], checkin.due_at, checkin.time_zone, quiet)
    newest = rules.due_now(steps, now, checkin.time_zone, quiet)
    queued = newest is not None and writes.put(session, checkin, newest, now=now)
    following = min((step.due_at for step in steps if step.due_at > now), default=None)
    if following is not None and newest is not None:
        # Whoever was nudged late is not nudged again within the hour.
        following = max(following, newest.send_at + SPACING)
    checkin_writes.remind_at(session, checkin.id, following)
    return queued
