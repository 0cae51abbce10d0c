"""Staff look at Stripe's messages, have one tried again, or let it be. Every look and act is noted."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select, update

from service.audit import writes as audit
from service.billing.models import StripeEvent
from service.billing.queries.watching import inbox
from service.billing.queries.watching.inbox import Depth, Message, Wanted
from service.billing.queries.watching.pace import Pace, Unanswered, pace, unanswered
from service.billing.rules import inbox as rules
from service.kit import crypto, db, queue
from service.kit.actor import Actor
from service.kit.errors import Conflict, NotFound, Rejected, words

PAGE = 50
MOST = 500  # messages tried again by one press


@dataclass(frozen=True, slots=True)
class InboxPage:
    """A page of the inbox. `next` is where the one after it begins, None on the last."""

    lines: list[Message]
    next: UUID | None
    depth: Depth
    pace: Pace


@dataclass(frozen=True, slots=True)
class MessagePage:
    """One message, and who last touched it."""

    message: Message
    touched_by: str


def open_inbox(*, wanted: Wanted, before: UUID | None, actor: Actor, now: datetime, wall_now: datetime) -> InboxPage:
    """A page of what fits, and how far behind everything is. The look is noted."""
    with db.transaction() as session:
        found = inbox.messages(session, wanted, before=before, limit=PAGE + 1)
        audit.record(session, actor, "inbox.view", "inbox")
        more = len(found) > PAGE
        following = found[PAGE - 1].id if more else None
        return InboxPage(found[:PAGE], following, inbox.depth(session), pace(session, now, wall_now))


def open_unanswered(*, actor: Actor) -> list[Unanswered]:
    """Calls to Stripe without an answer, the oldest first. The look is noted."""
    with db.transaction() as session:
        found = unanswered(session)
        audit.record(session, actor, "inbox.view", "inbox")
        return found


def open_message(*, message_id: UUID, actor: Actor) -> MessagePage:
    """One message without its body. The look is noted. Raises NotFound."""
    with db.transaction() as session:
        found = inbox.message(session, message_id)
        if found is None:
            raise _no_such()
        audit.record(session, actor, "inbox.view", "stripe_event", message_id)
        return MessagePage(found, inbox.who(session, found.touched_by))


def check_message(message_id: UUID) -> None:
    """Raises NotFound for an id of no message. Nothing of it is shown, so nothing is noted."""
    with db.reading() as session:
        if session.scalar(select(StripeEvent.id).where(StripeEvent.id == message_id)) is None:
            raise _no_such()


def open_body(*, message_id: UUID, reason: str, actor: Actor) -> str:
    """What the message says, as readable JSON. That somebody read it, and why, is noted. Raises NotFound, Rejected."""
    _check(reason, rules.LOOKS)
    with db.transaction() as session:
        sealed = session.scalar(select(StripeEvent.body_sealed).where(StripeEvent.id == message_id))
        if sealed is None:
            raise _no_such()
        audit.record(session, actor, "inbox.body", "stripe_event", message_id, reason=reason)
    text = crypto.unseal(sealed, "stripe_events", "body", message_id)
    try:
        return json.dumps(json.loads(text), indent=2, sort_keys=True, ensure_ascii=False)
    except (ValueError, RecursionError):
        return text


def replay(*, message_id: UUID, reason: str, actor: Actor, wall_now: datetime) -> None:
    """Have one message handled again, from its first try. However often: what is true is asked of Stripe each time.

    Raises NotFound, Rejected, and Conflict for one that is kept to be looked at only.
    """
    _check(reason, rules.REPLAYS)
    with db.transaction() as session:
        row = session.scalars(select(StripeEvent).where(StripeEvent.id == message_id).with_for_update()).one_or_none()
        if row is None:
            raise _no_such()
        if row.parked_for in rules.NEVER_ACTED:
            raise Conflict("never_acted", words("This message is kept to be looked at. It is never acted upon."))
        for name, value in _anew(reason, actor, wall_now).items():
            setattr(row, name, value)
        queue.enqueue(session, "billing.handle_event", event_id=str(message_id))
        audit.record(session, actor, "inbox.replay", "stripe_event", message_id, reason=reason)


def replay_all(*, wanted: Wanted, reason: str, actor: Actor, wall_now: datetime) -> int:
    """Have everything that fits handled again, at most 500 at a time. Returns how many. Raises Rejected."""
    _check(reason, rules.REPLAYS)
    if wanted.shelf not in ("failed", "parked"):
        raise Rejected("shelf", words("Choose failed or parked messages to try them again."))
    with db.transaction() as session:
        # "IS DISTINCT FROM any": one that waits was parked for nothing.
        fits = (*inbox.conditions(wanted), StripeEvent.parked_for.is_(None) | _may_be_acted())
        ids = list(
            session.scalars(
                select(StripeEvent.id)
                .where(*fits)
                .order_by(StripeEvent.id)
                .limit(MOST)
                .with_for_update(skip_locked=True)
            )
        )
        session.execute(update(StripeEvent).where(StripeEvent.id.in_(ids)).values(_anew(reason, actor, wall_now)))
        for message_id in ids:
            queue.enqueue(session, "billing.handle_event", event_id=str(message_id))
        audit.record(session, actor, "inbox.replay_all", "inbox", reason=reason)
        audit.record_many(session, actor, "inbox.replay", "stripe_event", [(one, None) for one in ids])
        return len(ids)


def dismiss(*, message_id: UUID, reason: str, actor: Actor, wall_now: datetime) -> None:
    """Let a parked message be: somebody looked. Raises NotFound, Rejected, and Conflict for one that is not parked."""
    _check(reason, rules.DISMISSALS)
    with db.transaction() as session:
        row = session.scalars(select(StripeEvent).where(StripeEvent.id == message_id).with_for_update()).one_or_none()
        if row is None:
            raise _no_such()
        if row.handled_at is not None:
            raise Conflict("handled", words("This message is done with already."))
        if row.parked_at is None:
            raise Conflict("not_parked", words("This message is still being tried. Only a parked one can be let be."))
        row.handled_at = wall_now
        row.touched_as, row.touched_for = "dismissed", reason
        row.touched_at, row.touched_by = wall_now, actor.user_id
        audit.record(session, actor, "inbox.dismiss", "stripe_event", message_id, reason=reason)


def _may_be_acted() -> Any:
    return StripeEvent.parked_for.not_in(rules.NEVER_ACTED)


def _anew(reason: str, actor: Actor, wall_now: datetime) -> dict[str, Any]:
    return {
        "handled_at": None,
        "parked_at": None,
        "parked_for": None,
        "attempts": 0,
        "last_error": None,
        "try_at": wall_now,
        "called_at": None,
        "touched_as": "replayed",
        "touched_for": reason,
        "touched_at": wall_now,
        "touched_by": actor.user_id,
    }


def _check(reason: str, known: Any) -> None:
    if reason not in known:
        raise Rejected("reason_missing", words("Choose why."))


def _no_such() -> NotFound:
    return NotFound("no_message", words("There is no such message."))
