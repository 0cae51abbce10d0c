"""One thing done for several people at once: take them, hand them over, or complete what clinicians approved.

Never a decision: that rests on one visit with one person. Each row is done as if it stood alone, by the same action
and in a transaction of its own, so that one that cannot be done stops no other and each leaves its own trace.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal
from uuid import UUID

import structlog
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from service.accounts import queries as accounts
from service.audit import writes as audit
from service.catalog.rules.whole import Catalog
from service.enrollment import writes
from service.enrollment.actions import complete, look, team
from service.enrollment.actions.look import check_may_look
from service.enrollment.models import Enrollment
from service.enrollment.queries import logistics, queue, records
from service.enrollment.queries.queue import PAGE, Waiting
from service.enrollment.rules.completion import Item, missing
from service.enrollment.rules.queue import OVER
from service.kit import db
from service.kit.actor import Actor
from service.kit.errors import HomewardError, NotAllowed, Rejected, words

log = structlog.get_logger(__name__)

What = Literal["take", "hand", "complete"]
ACT: Final[dict[str, str]] = {
    "take": "enrollment.take",
    "hand": "enrollment.hand_over",
    "complete": "enrollment.complete",
}


@dataclass(frozen=True, slots=True)
class Line:
    """One person: what will be, or was, done for them. `why` is English, empty where nothing stands in the way;
    `lacking` are the lines of an approval's checklist that are open."""

    row: Waiting
    why: str
    lacking: tuple[Item, ...] = ()

    @property
    def goes(self) -> bool:
        """Nothing stands in the way."""
        return not self.why


@dataclass(frozen=True, slots=True)
class Together:
    """Everybody who was ticked and is there, the longest waiting first, and who could be handed to:
    (user id, name, role)."""

    lines: tuple[Line, ...]
    heirs: tuple[tuple[UUID, str, str], ...]

    @property
    def going(self) -> tuple[Line, ...]:
        """Those for whom it will be, or was, done."""
        return tuple(line for line in self.lines if line.goes)

    @property
    def left_out(self) -> tuple[Line, ...]:
        """Those for whom it will not be, or was not, done."""
        return tuple(line for line in self.lines if not line.goes)


def ask(*, what: What, enrollment_ids: Sequence[UUID], actor: Actor, now: datetime) -> Together:
    """What would happen to whom, and who would be left out and why. Changes nothing; whose names it showed is noted.

    Raises NotAllowed for whoever may not do this, Rejected for more than one page of people.
    """
    _check(what, enrollment_ids, actor)
    with db.transaction() as session:
        rows = _rows(session, enrollment_ids)
        shown = _shown(session, rows, actor, now)
        lines = tuple(_before(session, what, row, line, actor, now) for row, line in zip(rows, shown, strict=True))
        others = accounts.colleagues(session) if what == "hand" else []
        return Together(lines, tuple(one for one in others if one[0] != actor.user_id))


def do(
    *,
    what: What,
    enrollment_ids: Sequence[UUID],
    heir_id: UUID | None = None,
    catalog: Catalog,
    actor: Actor,
    now: datetime,
) -> Together:
    """Do it, one person after the other, and say what became of each. What was done before is done: twice is once.

    `heir_id` is the colleague of "hand". A refusal leaves its own trace. Raises as `ask`, and Rejected where there is
    nobody to hand to.
    """
    _check(what, enrollment_ids, actor)
    if what == "hand" and heir_id is None:
        raise Rejected("no_carer", words("Choose a colleague who looks after patients."))
    doing: dict[str, Callable[[UUID], None]] = {
        "take": lambda one: look.take(enrollment_id=one, catalog=catalog, actor=actor, now=now),
        "hand": lambda one: team.hand_over(enrollment_id=one, user_id=heir_id or one, actor=actor),
        "complete": lambda one: complete.complete_approval(enrollment_id=one, catalog=catalog, actor=actor, now=now),
    }
    with db.reading() as session:
        ids = [(row.id, row.patient_id) for row in _rows(session, enrollment_ids)]
    became = {one: _one(doing[what], ACT[what], one, patient_id, actor) for one, patient_id in ids}
    with db.transaction() as session:
        rows = _rows(session, list(became))
        shown = _shown(session, rows, actor, now)
        return Together(tuple(Line(line, *became[line.enrollment_id]) for line in shown), ())


def _one(
    do_it: Callable[[UUID], None], act: str, enrollment_id: UUID, patient_id: UUID, actor: Actor
) -> tuple[str, tuple[Item, ...]]:
    """Do it for one person. Returns what stood in the way, and what is missing."""
    try:
        do_it(enrollment_id)
    except HomewardError as no:
        code = no.code
        with db.transaction() as session:
            audit.record(
                session,
                actor,
                act,
                "enrollment",
                enrollment_id,
                patient_id=patient_id,
                reason=code,
                outcome="refused",
            )
        return no.message, no.items if isinstance(no, complete.NotReady) else ()
    except SQLAlchemyError as error:  # one row that another transaction will not let go stops no other row
        log.error("one of several could not be done", act=act, error=type(error).__name__)
        return words("This did not work just now. Try it again on its own."), ()
    return "", ()


def _check(what: What, enrollment_ids: Sequence[UUID], actor: Actor) -> None:
    check_may_look(actor)
    if what == "complete" and actor.role not in complete.ROLES:
        raise NotAllowed("coordinators_only", words("Only a coordinator completes an approval."))
    if len(set(enrollment_ids)) > PAGE:
        raise Rejected("too_many", words("Choose at most one page of people at a time."))


def _rows(session: Session, enrollment_ids: Sequence[UUID]) -> list[Enrollment]:
    query = select(Enrollment).where(Enrollment.id.in_(enrollment_ids))
    return list(session.scalars(query.order_by(Enrollment.status_changed_at, Enrollment.id)))


def _shown(session: Session, rows: list[Enrollment], actor: Actor, now: datetime) -> list[Waiting]:
    lines = queue.lines_of(session, rows, actor.user_id, now)
    shown = [(line.enrollment_id, line.patient_id) for line in lines]
    audit.record_many(session, actor, "queue.view", "enrollment", shown)
    return lines


def _before(session: Session, what: What, row: Enrollment, line: Waiting, actor: Actor, now: datetime) -> Line:
    """What `do` would meet. It looks again itself, because somebody may be quicker."""
    if row.status in OVER:
        return Line(line, words("This is over, so there is nothing to do."))
    owner = writes.standing_owner(session, row)
    if what == "take":
        if owner == actor.user_id:
            return Line(line, words("You look after this already."))
        return Line(line, words("A colleague looks after this already. They can hand it over to you.") if owner else "")
    if what == "hand":
        may = actor.role == "owner" or (owner is not None and owner == actor.user_id)
        return Line(line, "" if may else words("Only its owner, or the practice's owner, can hand this over."))
    return _completion(session, row, line, actor, now)


def _completion(session: Session, row: Enrollment, line: Waiting, actor: Actor, now: datetime) -> Line:
    try:
        accounts.check_may_open(session, actor, row.patient_id)
    except NotAllowed:
        return Line(line, words("You are not on this person's care team. Take it, or ask a colleague to add you."))
    if row.status != "decided":
        return Line(line, words("There is nothing to complete here."))
    decision = records.latest_decision(session, row.id)
    if decision is None or decision.decision != "approve":
        return Line(line, words("A clinician has not approved this yet, so there is nothing to complete."))
    if line.flag == "hold":
        return Line(line, words("A safety hold stands. A clinician must lift it before this can go on."))
    items = logistics.completion(
        session, patient_id=row.patient_id, state=row.state, encounter_id=decision.encounter_id, now=now
    )
    lacking = missing(items)
    return Line(line, words("Something is still missing before this can be completed.") if lacking else "", lacking)
