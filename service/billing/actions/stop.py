"""No charge from this moment on: for somebody who leaves altogether. Cancelling (`cancel`) ends with the paid month."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from service.audit import writes as audit
from service.billing import queries, rules, writes
from service.billing.actions import intents, sync
from service.billing.actions.halting import end
from service.billing.actions.stops.performing import perform_all
from service.billing.gateway import Gateway
from service.billing.models import Membership
from service.catalog.rules.refunds import end_rule
from service.catalog.rules.whole import Catalog
from service.kit import db
from service.kit.actor import Actor


def stop_charges(*, patient_id: UUID, gateway: Gateway, catalog: Catalog, actor: Actor, now: datetime) -> None:
    """Close the patient's pay page and end their membership at once. Saying it twice changes nothing.

    Ended at once, Stripe tries no failed charge again either. Raises TryAgain when Stripe cannot be asked: whatever
    was done by then stays done, and the next try goes on from there, under the same keys.
    """
    close_pages(patient_id, gateway, catalog, now)
    meant = _mean(patient_id, gateway, catalog, actor, now)
    for intent_id in meant[:1]:
        intents.perform(intent_id, gateway=gateway, catalog=catalog, now=now)
    perform_all(meant[1:], gateway=gateway, catalog=catalog, now=now)


def close_pages(patient_id: UUID, gateway: Gateway, catalog: Catalog, now: datetime) -> None:
    """Nobody pays on a page that is closed. Where somebody was quicker, the payment becomes known here."""
    with db.reading() as session:
        pages = queries.open_pages_of(session, patient_id)
    for checkout_id, session_id in pages:
        page = gateway.expire_checkout(session_id, key=rules.expire_key(checkout_id))
        with db.transaction() as session:
            if page.subscription_id:
                sync.subscription_now(session, page.subscription_id, gateway=gateway, catalog=catalog, now=now)
            sync.page_now(session, page)


def _mean(patient_id: UUID, gateway: Gateway, catalog: Catalog, actor: Actor, now: datetime) -> list[UUID]:
    """Look at Stripe first, then keep what is meant with its keys. Nothing when nothing is left that could charge."""
    with db.transaction() as session:
        known = queries.subscription_of(session, patient_id)
        if known is None:
            return []
        membership_id, subscription_id = known
        sync.subscription_now(session, subscription_id, gateway=gateway, catalog=catalog, now=now)
        row: Membership | None = writes.locked_membership(session, membership_id)
        if row is None or row.status == "ended":
            return []
        audit.record(session, actor, "membership.stop", "membership", row.id, patient_id=patient_id)
        rule = end_rule(catalog.ends, "account_closed", now.date())
        if rule is None:  # leaving waits for no policy: without one nothing is given back by itself
            return [intents.mean(session, row, "end", actor=actor, now=now).id]
        return end(session, row, rule, delivered="this_month", stopped_at=now, actor=actor, now=now)
