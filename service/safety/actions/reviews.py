"""Every look by broken glass is judged by somebody other than whoever looked. Until then it calls again and again."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import exists, select, update
from sqlalchemy.orm import Session

from service.accounts import queries as accounts
from service.accounts import writes as people
from service.accounts.queries import Look
from service.accounts.rules.care import REVIEW_WITHIN, WORDS_MIN
from service.audit import writes as audit
from service.catalog.rules.whole import Catalog
from service.kit import db
from service.kit.actor import Actor
from service.kit.errors import Conflict, NotAllowed, NotFound, Rejected, words
from service.safety import queries, rules
from service.safety.actions.glass import call_reviewer
from service.safety.models import Alert
from service.safety.queries import Seen

SHOWN = 200  # entries of one look; the trail has them all
NO_SUCH_LOOK = NotFound("no_such_look", words("We could not find that look at a record."))


def open_looks(*, actor: Actor, wall_now: datetime) -> list[Look]:
    """The list; whose names it showed is noted. Raises NotAllowed for roles that review nothing."""
    _check(actor)
    with db.transaction() as session:
        found = accounts.looks(session, actor, wall_now)
        named = [(look.id, look.patient_id) for look in found if look.patient_name]
        audit.record_many(session, actor, "break_glass.view", "break_glass", named)
        return found


def open_look(*, glass_id: UUID, actor: Actor, wall_now: datetime) -> tuple[Look, list[Seen]]:
    """One look and what was opened in it, for the page that judges it; who read it is noted.

    Raises NotFound, and NotAllowed for whoever may not judge it: whoever looked, and auditors while an owner can.
    """
    _check(actor)
    with db.transaction() as session:
        found = accounts.look(session, glass_id, actor, wall_now)
        if found is None:
            raise NO_SUCH_LOOK
        if not found.may_review and found.reviewed_at is None:
            raise _not_yours()
        audit.record(session, actor, "break_glass.view", "break_glass", glass_id, patient_id=found.patient_id)
        # Auditors who may only read that it was judged see neither whose record it was nor what was opened.
        return found, _seen_in(session, found) if found.patient_name else []


def review(*, glass_id: UUID, justified: bool, text: str, actor: Actor, now: datetime, wall_now: datetime) -> None:
    """Judge a look, once and for all, and take its alert. The same judgement twice is once.

    Raises as `open_look`, Rejected without a sentence, Conflict when somebody judged it otherwise before.
    """
    _check(actor)
    if len(text.strip()) < WORDS_MIN:
        raise Rejected("words_missing", words("Write in a sentence what you found."))
    with db.transaction() as session:
        people.lock_look(session, glass_id)
        found = accounts.look(session, glass_id, actor, wall_now)
        if found is None:
            raise NO_SUCH_LOOK
        if found.reviewed_at is not None:
            if found.justified is justified and found.review == text.strip():
                return
            raise Conflict("reviewed", words("A colleague has reviewed this already."))
        if not found.may_review or actor.user_id is None:
            raise _not_yours()
        people.keep_review(
            session, glass_id, reviewed_by=actor.user_id, justified=justified, text=text.strip(), at=wall_now
        )
        session.execute(
            update(Alert)
            .where(Alert.source_kind == "system", Alert.source_id == glass_id, Alert.acknowledged_at.is_(None))
            .values(acknowledged_at=now, acknowledged_by=actor.user_id, escalate_at=None)
        )
        audit.record(
            session,
            actor,
            "break_glass.review",
            "break_glass",
            glass_id,
            patient_id=found.patient_id,
            reason="justified" if justified else "not_justified",
        )


def call_for_reviews(*, catalog: Catalog, now: datetime, wall_now: datetime) -> int:
    """Raise the alert again for every look that has waited longer than seven days, at most once in seven days.

    Looks are dated by the wall, alerts by business time. Returns how many were raised.
    """
    with db.transaction() as session:
        called = 0
        for glass_id in accounts.overdue_looks(session, wall_now):
            lately = exists().where(
                Alert.source_kind == "system", Alert.source_id == glass_id, Alert.raised_at > now - REVIEW_WITHIN
            )
            waits = exists().where(
                Alert.source_kind == "system", Alert.source_id == glass_id, Alert.acknowledged_at.is_(None)
            )
            if not session.scalar(select(lately | waits)):
                call_reviewer(session, glass_id, catalog, now)
                called += 1
        return called


def _seen_in(session: Session, look: Look) -> list[Seen]:
    return queries.seen_during(
        session,
        patient_id=look.patient_id,
        user_id=look.looker_id,
        since=look.opened_at,
        until=look.expires_at,
        limit=SHOWN,
    )


def _check(actor: Actor) -> None:
    if actor.kind != "staff" or actor.role not in rules.SEE_LOOKS:
        raise _not_yours()


def _not_yours() -> NotAllowed:
    return NotAllowed("not_your_review", words("Another owner reviews this. Nobody reviews what they did themselves."))
