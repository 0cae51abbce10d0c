"""Ending the monthly charge, and staying after all. As easy as it was to begin."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from service.accounts import queries as accounts
from service.audit import writes as audit
from service.billing import emails, rules, writes
from service.billing.actions import sync
from service.billing.gateway import Gateway
from service.kit import db
from service.kit.actor import Actor
from service.kit.errors import Conflict, NotFound, words
from service.kit.ids import new_id
from service.mail import writes as mail


def cancel(*, patient_id: UUID, gateway: Gateway, actor: Actor, now: datetime) -> None:
    """No further charge; care goes on to the end of the paid month. Saying it twice changes nothing.

    Raises NotFound without a membership, Conflict before the first payment, TryAgain when Stripe cannot be asked.
    """
    subscription_id, intent, already = _mean(patient_id, "membership.cancel", actor)
    if already:
        return
    gateway.cancel(subscription_id, key=rules.cancel_key(intent))
    with db.transaction() as session:
        found = sync.subscription_now(session, subscription_id, gateway=gateway, now=now)
        row = found.row if found is not None else None
        if row is not None and row.cancels_at_period_end and row.period_ends_at is not None:
            person = accounts.patient(session, patient_id)
            mail.put(
                session,
                emails.membership_ending(ends_at=row.period_ends_at, time_zone=person.time_zone, locale=person.locale),
                key=f"membership_ending:{row.id}:{intent}",
                now=now,
                user_id=person.user_id,
                locale=person.locale,
            )


def undo_cancel(*, patient_id: UUID, gateway: Gateway, actor: Actor, now: datetime) -> None:
    """Stay after all, until the last day. Raises as `cancel` does."""
    subscription_id, intent, cancelled = _mean(patient_id, "membership.undo_cancel", actor)
    if not cancelled:
        return
    gateway.undo_cancel(subscription_id, key=rules.cancel_key(intent))
    with db.transaction() as session:
        sync.subscription_now(session, subscription_id, gateway=gateway, now=now)


def _mean(patient_id: UUID, what: str, actor: Actor) -> tuple[str, UUID, bool]:
    """Note the wish before Stripe hears it. Returns the subscription, the wish's id, and whether it ends already."""
    with db.transaction() as session:
        row = writes.live_membership(session, patient_id)
        if row is None:
            raise NotFound("no_membership", words("You have no membership to cancel."))
        if row.stripe_subscription_id is None or row.status not in rules.LIVE:
            raise Conflict("not_started", words("Your membership has not started, so there is nothing to cancel."))
        intent = new_id()
        audit.record(session, actor, what, "membership", row.id, patient_id=patient_id)
        return row.stripe_subscription_id, intent, row.cancels_at_period_end
