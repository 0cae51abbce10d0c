"""Messages that never came, read from Stripe's own list: from a watermark on, a page at a time, and again where the
last reading was broken off.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import structlog
from sqlalchemy import update

from service.billing.actions import intake
from service.billing.gateway import Bug, Gateway
from service.billing.models import Comparison
from service.billing.queries import watching
from service.billing.rules.drift import KEPT_AT_STRIPE, OVERLAP
from service.kit import db
from service.kit.errors import TryAgain
from service.kit.ids import new_id

log = structlog.get_logger(__name__)
SECONDS = 60.0  # of one call; the next hour goes on where this one stopped


@dataclass(slots=True)
class _Reading:
    """One reading of Stripe's list: since when, and where it goes on."""

    run_id: UUID
    since: datetime
    after: str | None
    resumed: bool
    missed: int = 0
    failed: int = 0


def fetch_missed(
    *, gateway: Gateway, now: datetime, wall_now: datetime, seconds: float | None = SECONDS
) -> tuple[int, int]:
    """How many messages had never come, and how often asking or keeping failed.

    Everything told since the last whole reading began, an hour earlier to be sure; at first, all that Stripe still has.
    """
    ends = None if seconds is None else time.monotonic() + seconds
    missed = failed = 0
    while True:
        reading = _begin(now)
        whole = _read(reading, gateway, wall_now, ends)
        missed, failed = missed + reading.missed, failed + reading.failed
        # One that was broken off before ends where it began: what came since is read at once.
        if not (whole and reading.resumed):
            return missed, failed


def _begin(now: datetime) -> _Reading:
    with db.transaction() as session:
        last = watching.last_hourly_at(session)
        since = now - KEPT_AT_STRIPE if last is None else last - OVERLAP
        broken = watching.unfinished_hourly(session)
        if broken is not None:
            return _Reading(broken.id, since, broken.cursor, resumed=True)
        run = Comparison(
            id=new_id(), kind="hourly", day=None, started_at=now, seen=0, differing=0, repaired=0, failed=0
        )
        session.add(run)
        return _Reading(run.id, since, None, resumed=False)


def _read(reading: _Reading, gateway: Gateway, wall_now: datetime, ends: float | None) -> bool:
    while True:
        try:
            told, after = gateway.list_events(reading.since, reading.after)
        except TryAgain as error:
            log.error("Stripe did not say what it told us", error=str(error))
            reading.failed += 1
            return False
        except Bug as error:  # where we stopped is gone from Stripe's list: from the start
            log.error("Stripe did not say what it told us", error=str(error))
            reading.failed += 1
            _note(reading, None, 0, finished_at=None)
            return False
        seen = len(told)
        for notice, body in told:
            try:
                reading.missed += intake.receive(notice=notice, body=body, wall_now=wall_now)
            except Exception:
                reading.failed += 1
                log.exception("a message that never came could not be kept", event=notice.event_id)
        reading.after = after
        _note(reading, after, seen, finished_at=wall_now if after is None else None)
        if after is None:
            return True
        if ends is not None and time.monotonic() >= ends:
            return False


def _note(reading: _Reading, cursor: str | None, seen: int, *, finished_at: datetime | None) -> None:
    with db.transaction() as session:
        session.execute(
            update(Comparison)
            .where(Comparison.id == reading.run_id)
            .values(
                cursor=cursor,
                seen=Comparison.seen + seen,
                differing=reading.missed,
                failed=reading.failed,
                finished_at=finished_at,
            )
        )
