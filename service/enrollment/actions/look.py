"""Staff look at one record and at the visits ahead. Looking leaves a trace, in the transaction that loads the page."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from service.accounts import queries as accounts
from service.accounts import writes as people
from service.accounts.queries import care
from service.accounts.rules.care import CARERS
from service.audit import writes as audit
from service.catalog.rules.whole import Catalog
from service.enrollment import writes
from service.enrollment.queries import queue, records, review
from service.enrollment.queries.queue import UpcomingVisit
from service.enrollment.queries.review import Record
from service.kit import db
from service.kit.actor import Actor
from service.kit.clock import wall_now
from service.kit.errors import Conflict, NotAllowed, NotFound, words
from service.safety import rules as safety_rules
from service.safety import writes as calls

MAY_LOOK = CARERS
MANY_IN_A_DAY = 20  # enrollments nobody owned, taken by one person: our default
SEES_ANSWERS = ("clinician",)


def check_may_look(actor: Actor) -> None:
    """Raises NotAllowed for whoever has no business with patients' records."""
    if actor.kind != "staff" or actor.role not in MAY_LOOK:
        raise NotAllowed("care_team_only", words("Only the care team may open this."))


def open_record(*, enrollment_id: UUID, catalog: Catalog, actor: Actor, now: datetime) -> Record:
    """One person's record, as far as the actor's role goes.

    Raises NotAllowed, NotFound, and OutsideCareTeam for whoever does not look after this person.
    """
    check_may_look(actor)
    clinical = actor.role in SEES_ANSWERS
    with db.transaction() as session:
        found = records.enrollment(session, enrollment_id)
        if found is None:
            raise NotFound("no_such_enrollment", words("We could not find that enrollment."))
        until = accounts.check_may_open(session, actor, found.patient_id)
        audit.record(
            session,
            actor,
            "record.view",
            "enrollment",
            enrollment_id,
            patient_id=found.patient_id,
            reason="break_glass" if until else "clinical" if clinical else "logistics",
        )
        return review.record(session, catalog, found, clinical=clinical, glass_until=until, now=now)


def open_visits(*, actor: Actor, now: datetime, own: bool = False) -> tuple[UpcomingVisit, ...]:
    """The visits ahead, or one's `own` alone; whose names they showed is noted. Raises NotAllowed for roles that have
    no business there.
    """
    check_may_look(actor)
    with db.transaction() as session:
        found = queue.visits_ahead(session, now, actor.user_id if own else None)
        shown = [(one.visit.id, one.visit.patient_id) for one in found]
        audit.record_many(session, actor, "queue.view", "appointment", shown)
        return found


def take(*, enrollment_id: UUID, catalog: Catalog, actor: Actor, now: datetime) -> None:
    """Become the owner of an enrollment that nobody owns, and look after the patient. Taking it twice is once.

    Whoever takes many in a day is asked why: an owner is called. Raises Conflict where somebody owns it: only its
    owner, or the practice's, hands it over (`team.hand_over`); and where it is over, because there is nothing left
    to look after.
    """
    check_may_look(actor)
    assert actor.user_id is not None
    with db.transaction() as session:
        row = writes.locked(session, enrollment_id)
        owner = writes.standing_owner(session, row)
        if owner == actor.user_id:
            return
        if owner is not None:
            raise Conflict("owned", words("A colleague looks after this already. They can hand it over to you."))
        if row.status in queue.OVER:
            raise Conflict("over", words("This is over, so there is nothing to take."))
        row.owner_id = actor.user_id
        people.join_care_team(session, patient_id=row.patient_id, user_id=actor.user_id, why="took")
        audit.record(session, actor, "enrollment.take", "enrollment", row.id, patient_id=row.patient_id)
        _call_about_many(session, actor.user_id, catalog, now)


def _call_about_many(session: Session, user_id: UUID, catalog: Catalog, now: datetime) -> None:
    """Taking needs no reason, so that nobody waits for a name beside theirs. Taking everybody is something else."""
    taken = care.taken_since(session, user_id=user_id, since=wall_now() - timedelta(days=1))
    if taken % MANY_IN_A_DAY == 0 and taken > 0:
        calls.raise_alert(
            session,
            code=safety_rules.MANY_TAKEN,
            source_kind="system",
            source_id=user_id,
            patient_id=None,
            now=now,
            definition=safety_rules.definition(catalog, safety_rules.MANY_TAKEN),
        )
