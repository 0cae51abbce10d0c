"""Ending the monthly charge, and staying after all. As easy as it was to begin."""

from __future__ import annotations

from datetime import datetime
from typing import Literal
from uuid import UUID

from service.audit import writes as audit
from service.billing import rules, writes
from service.billing.actions import intents
from service.billing.gateway import Gateway
from service.catalog.rules.whole import Catalog
from service.kit import db
from service.kit.actor import Actor
from service.kit.errors import Conflict, NotFound, words


def cancel(*, patient_id: UUID, gateway: Gateway, catalog: Catalog, actor: Actor, now: datetime) -> None:
    """No further charge; care goes on to the end of the paid month. Saying it twice changes nothing.

    Raises NotFound without a membership, Conflict before the first payment, TryAgain when Stripe cannot be asked: the
    wish is kept and heard as soon as it can be.
    """
    meant = _mean(patient_id, "cancel", actor, now)
    if meant is not None:
        intents.perform(meant, gateway=gateway, catalog=catalog, now=now)


def undo_cancel(*, patient_id: UUID, gateway: Gateway, catalog: Catalog, actor: Actor, now: datetime) -> None:
    """Stay after all, until the last day. Raises as `cancel` does."""
    meant = _mean(patient_id, "undo_cancel", actor, now)
    if meant is not None:
        intents.perform(meant, gateway=gateway, catalog=catalog, now=now)


def _mean(patient_id: UUID, what: Literal["cancel", "undo_cancel"], actor: Actor, now: datetime) -> UUID | None:
    """Keep the wish before Stripe hears it. None when it stands so already."""
    with db.transaction() as session:
        row = writes.live_membership(session, patient_id)
        if row is None:
            raise NotFound("no_membership", words("You have no membership to cancel."))
        if row.stripe_subscription_id is None or row.status not in rules.LIVE:
            raise Conflict("not_started", words("Your membership has not started, so there is nothing to cancel."))
        audit.record(session, actor, f"membership.{what}", "membership", row.id, patient_id=patient_id)
        # A wish to cancel that Stripe may have heard is no longer "stays as it is".
        stands = row.cancels_at_period_end == (what == "cancel")
        if stands and intents.unanswered(session, row.id) in (None, what):
            return None
        return intents.mean(session, row, what, actor=actor, now=now).id
