"""Making the call, and looking afterwards. A crash anywhere in between is found by the tick, under the same key."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from service.billing import rules, writes
from service.billing.actions import sync
from service.billing.actions.intents.calls import CALLS
from service.billing.actions.intents.kinds import Told
from service.billing.gateway import Bug, Declined, Gateway, NeedsAction
from service.billing.models import Intent, Membership
from service.catalog.rules.whole import Catalog
from service.kit import db
from service.kit.errors import TryAgain
from service.kit.ids import new_id

log = structlog.get_logger(__name__)
BATCH = 50


def perform(intent_id: UUID, *, gateway: Gateway, catalog: Catalog, now: datetime) -> None:
    """Make the call of an intent, then bring the membership in line with Stripe and settle it.

    Settled before, it does nothing. Raises Declined, NeedsAction and Bug after a clear no (the intent is refused: the
    next try is another one), TryAgain while the outcome is unknown (the tick asks again under the same key).
    """
    told = _take(intent_id, now)
    if told is None:
        return
    kind = CALLS[told.kind]
    answer = None
    if told.late:
        # The key serves no longer, and under another one the call could do it twice: so look first.
        answer = kind.shown(gateway, told) if kind.shown is not None else None
        if answer is None:
            _renew(told, gateway, catalog, now)
            return
    if answer is None:
        try:
            answer = kind.call(gateway, told)
        except (Bug, Declined, NeedsAction) as error:
            _refuse(told, str(error), now)
            raise
    _settle(told, answer, gateway, catalog, now)


def poll(*, gateway: Gateway, catalog: Catalog, now: datetime, limit: int = BATCH) -> int:
    """Go on with what has no answer yet: after five minutes, an hour, then daily. Returns how many had one.

    Where Stripe is away the rest waits for the next run.
    """
    with db.reading() as session:
        due = session.scalars(
            select(Intent.id).where(Intent.status == "meant", Intent.try_at <= now).order_by(Intent.try_at).limit(limit)
        ).all()
    settled = in_a_row = 0
    for intent_id in due:
        if in_a_row >= rules.ENOUGH:
            break
        try:
            perform(intent_id, gateway=gateway, catalog=catalog, now=now)
            settled, in_a_row = settled + 1, 0
        except TryAgain:
            in_a_row += 1
        except (Bug, Declined, NeedsAction) as error:
            settled += 1
            log.warning("Stripe says no to what was meant", intent=str(intent_id), error=type(error).__name__)
        except Exception:  # one that breaks leaves the others their turn
            log.exception("an intent could not be gone on with", intent=str(intent_id))
    return settled


def _renew(told: Told, gateway: Gateway, catalog: Catalog, now: datetime) -> None:
    """No answer for long, and it did not come about. What lasts is asked anew; the rest is given up."""
    with db.transaction() as session:
        row = _locked(session, told)
        if row.status != "meant":
            return
        if CALLS[told.kind].lasting:
            # The new key is kept before it is used; the tick takes it from here.
            row.idempotency_key, row.meant_at, row.try_at = rules.intent_key(row.kind, new_id()), now, now
            return
        row.status, row.settled_at, row.outcome = "given_up", now, "no_answer"
        refused = CALLS[told.kind].refused
        if refused is not None:
            refused(session, told, "no_answer", now)
    with db.transaction() as session:
        sync.subscription_now(session, told.subscription_id, gateway=gateway, catalog=catalog, now=now)


def _take(intent_id: UUID, now: datetime) -> Told | None:
    """The intent, marked as tried. None when it is settled."""
    with db.transaction() as session:
        intent = session.get_one(Intent, intent_id, with_for_update=True)
        if intent.status != "meant":
            return None
        intent.tries += 1
        intent.try_at = now + rules.ask_again_after(intent.tries)
        row = session.get_one(Membership, intent.membership_id)
        return Told(
            intent_id=intent.id,
            membership_id=row.id,
            patient_id=row.patient_id,
            kind=intent.kind,
            details=dict(intent.details),
            key=intent.idempotency_key,
            late=now - intent.meant_at >= CALLS[intent.kind].key_serves,
            subscription_id=row.stripe_subscription_id or "",
            customer_id=row.stripe_customer_id or "",
        )


def _locked(session: Session, told: Told) -> Intent:
    """The intent, locked after its membership, as everywhere: a second press at this moment waits for no circle."""
    writes.locked_membership(session, told.membership_id)
    return session.get_one(Intent, told.intent_id, with_for_update=True, populate_existing=True)


def _refuse(told: Told, code: str, now: datetime) -> None:
    with db.transaction() as session:
        intent = _locked(session, told)
        if intent.status == "meant":
            intent.status, intent.settled_at, intent.outcome = "refused", now, code[:100]
        elif CALLS[told.kind].lasting:
            return  # another took its place, and asks for the same: what was promised stays promised
        refused = CALLS[told.kind].refused
        if refused is not None:
            refused(session, told, code, now)


def _settle(told: Told, answer: Any, gateway: Gateway, catalog: Catalog, now: datetime) -> None:
    """What the call brought about, seen at Stripe, written in one transaction with the end of the intent."""
    with db.transaction() as session:
        if told.subscription_id:  # one that never got so far may still have another to end, or money to give back
            sync.subscription_now(session, told.subscription_id, gateway=gateway, catalog=catalog, now=now)
        done = CALLS[told.kind].done
        if done is not None:
            done(session, told, answer, now)
        intent = session.get_one(Intent, told.intent_id, with_for_update=True)
        if intent.status == "meant":
            intent.status, intent.settled_at = "done", now
