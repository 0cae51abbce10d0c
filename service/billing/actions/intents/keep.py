"""Writing down what is meant, before Stripe hears it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from service.billing import rules
from service.billing.actions.intents.calls import CALLS
from service.billing.models import Intent, Membership
from service.kit.actor import Actor
from service.kit.errors import Conflict, words
from service.kit.ids import new_id

# What may take the place of an intent that Stripe has not answered. Nothing ever stands in the way of leaving.
OVERTAKES: Final[Mapping[str, frozenset[str]]] = MappingProxyType(
    {
        "end": frozenset(CALLS),
        "cancel": frozenset(CALLS) - {"end"},
        "undo_cancel": frozenset({"cancel"}),
        "skip": frozenset({"unskip"}),
        "unskip": frozenset({"skip"}),
    }
)


def mean(
    session: Session,
    row: Membership,
    kind: str,
    *,
    details: Mapping[str, Any] | None = None,
    lane: str = "subscription",
    actor: Actor,
    now: datetime,
) -> Intent:
    """Keep what is meant for a membership whose row the caller has locked. The same again is the same intent.

    `details` is kept as JSON: ids, amounts and moments only, never a word about a patient. Raises Conflict "busy" while
    something else in this lane has no answer yet and may not be overtaken.
    """
    wanted = dict(details or {})
    standing = session.scalars(
        select(Intent)
        .where(Intent.membership_id == row.id, Intent.lane == lane, Intent.status == "meant")
        .with_for_update()
    ).one_or_none()
    if standing is not None:
        same = standing.kind == kind and standing.details == wanted
        if same and (CALLS[kind].charges or now - standing.meant_at < CALLS[kind].key_serves):
            return standing
        if not same and not _may_overtake(kind, standing.kind):
            raise Conflict(
                "busy",
                words("An earlier change has no answer yet. Nothing is done twice. Look again in a few minutes."),
            )
        standing.status, standing.settled_at = "overtaken", now
        session.flush()
    intent_id = new_id()
    intent = Intent(
        id=intent_id,
        membership_id=row.id,
        patient_id=row.patient_id,
        kind=kind,
        lane=lane,
        details=wanted,
        idempotency_key=rules.intent_key(kind, intent_id),
        status="meant",
        actor_kind=actor.kind,
        user_id=actor.user_id,
        meant_at=now,
        tries=0,
        try_at=now + rules.HEAD_START,
    )
    session.add(intent)
    session.flush()
    return intent


def _may_overtake(kind: str, standing: str) -> bool:
    if kind == standing:
        return not CALLS[kind].charges
    return standing in OVERTAKES.get(kind, ())


def unanswered(session: Session, membership_id: UUID, lane: str = "subscription") -> str | None:
    """The kind of what was meant in this lane and has no answer yet, or None."""
    return session.scalar(
        select(Intent.kind).where(Intent.membership_id == membership_id, Intent.lane == lane, Intent.status == "meant")
    )


def standing(session: Session, membership_id: UUID, kind: str, lane: str = "subscription") -> UUID | None:
    """The id of an intent of this kind that has no answer yet, or None."""
    return session.scalar(
        select(Intent.id).where(
            Intent.membership_id == membership_id, Intent.lane == lane, Intent.kind == kind, Intent.status == "meant"
        )
    )
