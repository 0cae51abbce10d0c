"""The tick that opens check-ins whose patient-local moment has come, and closes those nobody answered."""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog
from sqlalchemy.orm import Session

from service.billing.rules import IN_CARE
from service.catalog.rules.whole import Catalog
from service.checkins import queries, writes
from service.checkins.queries import Turn
from service.checkins.rules import cadence
from service.checkins.rules.local_time import local
from service.kit import db

log = structlog.get_logger(__name__)

BATCH = 50  # memberships locked at a time
REST = timedelta(minutes=15)  # how long a membership that cannot be worked on stands aside for the others


def open_due(*, catalog: Catalog, now: datetime, limit: int = 500) -> int:
    """Open what is due and end what is over. Returns how many opened.

    When nothing is due it is two index probes, and one look over the memberships for those that are new: billing
    tells nobody that one began. One that cannot be worked on stands aside, so that it never holds up the others. Two
    ticks at once share the work, and each batch is kept before the next begins.
    """
    with db.transaction() as session:
        writes.welcome(session, now)
        writes.miss(session, now)
    opened = 0
    for _ in range(0, limit, BATCH):
        with db.transaction() as session:
            batch = queries.turns_due(session, now, BATCH)
            opened += sum(_take_or_rest(session, turn, catalog, now) for turn in batch)
        if len(batch) < BATCH:
            break
    return opened


def _take_or_rest(session: Session, turn: Turn, catalog: Catalog, now: datetime) -> int:
    try:
        with session.begin_nested():
            return _take(session, turn, catalog, now)
    except Exception:
        log.exception("check-ins could not be opened", membership=str(turn.membership_id))
        writes.look_again(session, turn.membership_id, due_at=None, look_at=now + REST)
        return 0


def _take(session: Session, turn: Turn, catalog: Catalog, now: datetime) -> int:
    if turn.status == "ended" or turn.closed:
        writes.look_again(session, turn.membership_id, due_at=None, look_at=None)
        return 0
    if turn.status not in IN_CARE:  # stopped for now: nothing opens, and it may come back
        writes.look_again(session, turn.membership_id, due_at=None, look_at=now + writes.LOOK_EVERY)
        return 0
    program = catalog.programs[turn.program]
    began_on = local(turn.activated_at, turn.time_zone).date()
    # The unique key of patient and local day answers what was opened before: nothing to look up first.
    opened = [
        writes.open_one(
            session,
            patient_id=turn.patient_id,
            membership_id=turn.membership_id,
            key=due.key,
            instrument=due.instrument,
            instrument_version=catalog.instruments[due.instrument].version,
            due_at=due.due_at,
            closes_at=due.closes_at,
        )
        for due in cadence.due_checkins(program, began_on, turn.time_zone, frozenset(), now)
    ]
    next_at = cadence.next_due_at(program, began_on, turn.time_zone, now)
    writes.look_again(session, turn.membership_id, due_at=next_at, look_at=min(next_at, now + writes.LOOK_EVERY))
    return sum(one is not None for one in opened)
