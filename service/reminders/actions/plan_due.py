"""The ticks that put the nudges of open check-ins and of visits ahead into the outbox, once each."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TypeVar
from uuid import UUID

import structlog
from sqlalchemy.orm import Session

from service.catalog.rules.whole import Catalog
from service.checkins import queries as checkins
from service.checkins import writes as checkin_writes
from service.checkins.queries import ToRemind
from service.kit import db
from service.reminders import rules, writes
from service.reminders.queries import COUNTDOWN, LADDER, SPACING
from service.visits import queries as visits
from service.visits import writes as visit_writes
from service.visits.queries import VisitToRemind

log = structlog.get_logger(__name__)

BATCH = 50  # locked at a time: an answer that is being given never waits for a whole morning's nudges
REST = timedelta(minutes=15)  # how long one that cannot be planned stands aside for the others
Thing = TypeVar("Thing", ToRemind, VisitToRemind)


def plan_due(*, catalog: Catalog, now: datetime, limit: int = 500) -> int:
    """Queue every nudge whose moment has come. Returns how many; when none has, it is one index probe.

    Of several steps that have come only the newest is sent, so nobody meets a backlog. One check-in that cannot be
    planned stands aside, so that it never holds up the others. Each batch is kept before the next begins.
    """
    return _in_batches(
        lambda session: checkins.to_remind(session, now, BATCH),
        lambda session, checkin: _plan(session, checkin, catalog, now),
        lambda session, checkin_id: checkin_writes.remind_at(session, checkin_id, now + REST),
        limit,
    )


def plan_visits(*, catalog: Catalog, now: datetime, limit: int = 500) -> int:
    """As `plan_due`, of the visits ahead."""
    return _in_batches(
        lambda session: visits.to_remind(session, now, BATCH),
        lambda session, visit: _plan_visit(session, visit, catalog, now),
        lambda session, visit_id: visit_writes.remind_at(session, visit_id, now + REST),
        limit,
    )


def _in_batches(
    find: Callable[[Session], list[Thing]],
    plan: Callable[[Session, Thing], bool],
    rest: Callable[[Session, UUID], None],
    limit: int,
) -> int:
    planned = 0
    for _ in range(0, limit, BATCH):
        with db.transaction() as session:
            batch = find(session)
            planned += sum(_plan_or_rest(session, thing, plan, rest) for thing in batch)
        if len(batch) < BATCH:
            break
    return planned


def _plan_or_rest(
    session: Session,
    thing: Thing,
    plan: Callable[[Session, Thing], bool],
    rest: Callable[[Session, UUID], None],
) -> bool:
    try:
        with session.begin_nested():
            return plan(session, thing)
    except Exception:
        log.exception("a reminder could not be planned", about=str(thing.id))
        rest(session, thing.id)
        return False


def _plan_visit(session: Session, visit: VisitToRemind, catalog: Catalog, now: datetime) -> bool:
    steps, quiet = catalog.reminders.countdowns[COUNTDOWN], catalog.reminders.quiet_hours
    planned = rules.count_down(steps, visit.starts_at, visit.booked_at, visit.time_zone, quiet)
    newest = rules.due_now(planned, now, visit.time_zone, quiet)
    queued = newest is not None and writes.put_visit(session, visit, newest, now=now)
    following = min((step.due_at for step in planned if step.due_at > now), default=None)
    visit_writes.remind_at(session, visit.id, following)
    return queued


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
