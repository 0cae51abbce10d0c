"""Once a night everything is compared, both ways, page by page: as much memory for a hundred thousand as for one.

Nothing is changed at Stripe, nothing is taken over: what differs is shown to staff, who repair it.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import structlog
from sqlalchemy import update
from sqlalchemy.dialects.postgresql import insert

from service.billing.actions.watching.looking import GONE
from service.billing.actions.watching.steps import STEPS, Night, Page
from service.billing.gateway import Bug, Gateway
from service.billing.models import Comparison, Membership
from service.billing.queries import watching
from service.billing.rules.drift import night_of
from service.billing.writes import drift
from service.kit import db
from service.kit.errors import TryAgain
from service.kit.ids import new_id

log = structlog.get_logger(__name__)
SECONDS = 20.0  # of each minute: messages share the queue
FIRST = next(iter(STEPS))


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a comparison goes on."""

    step: str
    after: str | None

    def __str__(self) -> str:
        return f"{self.step}|{self.after or ''}"

    @classmethod
    def read(cls, cursor: str | None) -> _Place:
        step, _, after = (cursor or FIRST).partition("|")
        return cls(step, after or None)

    def following(self, after: str | None) -> _Place | None:
        """The next page, of this step or of the next; None at the end of the night."""
        if after is not None:
            return _Place(self.step, after)
        names = list(STEPS)
        left = names[names.index(self.step) + 1 :]
        return _Place(left[0], None) if left else None


def compare_all(*, gateway: Gateway, now: datetime, seconds: float | None = SECONDS) -> bool:
    """Go on with tonight's comparison for so long (None: to its end). True once the night's is done.

    Where it stops, the next call goes on, on whichever machine. Two at once do a page twice, which changes nothing.
    """
    ends = None if seconds is None else time.monotonic() + seconds
    begun = _tonight(now)
    if begun is None:
        return True
    run_id, began_at, cursor = begun
    night = Night(began_at, now, gateway)
    while True:
        place = _Place.read(cursor)
        try:
            page = STEPS[place.step](night, place.after)
        except (TryAgain, Bug) as error:
            # Where it stopped may be gone from Stripe's list (a draft that was deleted): then the step begins anew.
            gone = place.after is not None and GONE in str(error)
            _note_failure(run_id, cursor, str(_Place(place.step, None)) if gone else cursor)
            log.error("tonight's comparison waits", step=place.step, error=str(error))
            return False
        following = place.following(page.after)
        if not _keep(run_id, cursor, page, following, now):
            return following is None  # another worker was quicker, and goes on
        cursor = str(following)
        if following is None:
            log.info("tonight's comparison is done", run=str(run_id))
            return True
        if ends is not None and time.monotonic() >= ends:
            return False


def _tonight(now: datetime) -> tuple[UUID, datetime, str | None] | None:
    """Tonight's run, begun where it was not; None when it is done."""
    day = night_of(now)
    with db.transaction() as session:
        session.execute(
            insert(Comparison)
            .values(id=new_id(), kind="nightly", day=day, started_at=now, seen=0, differing=0, repaired=0, failed=0)
            .on_conflict_do_nothing(index_elements=["day"])
        )
        run = watching.nightly_of(session, day)
        assert run is not None
        return None if run.finished_at is not None else (run.id, run.started_at, run.cursor)


def _keep(run_id: UUID, cursor: str | None, page: Page, following: _Place | None, now: datetime) -> bool:
    """What the page showed and where to go on, in one transaction. False where somebody else was quicker."""
    with db.transaction() as session:
        moved = session.execute(
            update(Comparison)
            .where(
                Comparison.id == run_id,
                Comparison.finished_at.is_(None),
                Comparison.cursor.is_not_distinct_from(cursor),
            )
            .values(
                cursor=str(following) if following is not None else None,
                finished_at=now if following is None else None,
                seen=Comparison.seen + len(page.ids),
                failed=Comparison.failed + page.failed,
            )
            .returning(Comparison.id)
        ).scalar()
        if moved is None:
            return False
        if page.listed:
            session.execute(
                update(Membership).where(Membership.stripe_subscription_id.in_(page.ids)).values(compared_at=now)
            )
        new = drift.note_drift(session, page.found, run_id=run_id, now=now)
        drift.settle_agreeing(session, page.ids, still=page.found, fields=page.fields, now=now)
        if new:
            session.execute(
                update(Comparison).where(Comparison.id == run_id).values(differing=Comparison.differing + new)
            )
        return True


def _note_failure(run_id: UUID, cursor: str | None, following: str | None) -> None:
    """Counted, and where to go on, unless another worker was quicker."""
    here = (Comparison.id == run_id, Comparison.finished_at.is_(None), Comparison.cursor.is_not_distinct_from(cursor))
    with db.transaction() as session:
        session.execute(update(Comparison).where(*here).values(failed=Comparison.failed + 1, cursor=following))
