"""Lock, fetch, write: what Stripe says is true becomes ours."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import structlog
from sqlalchemy import bindparam, or_, select
from sqlalchemy.orm import Session

from service.audit import writes as audit
from service.billing import rules, writes
from service.billing.actions.sync import effects, others
from service.billing.gateway import CheckoutPage, Gateway, InvoiceFacts, SubscriptionFacts
from service.billing.models import Checkout, Membership
from service.billing.rules import transitions
from service.catalog.rules.whole import Catalog
from service.enrollment import writes as enrollment
from service.kit.actor import SYSTEM
from service.kit.commands import Command

log = structlog.get_logger(__name__)
_WHOSE = Command(select(Membership.enrollment_id, Membership.activated_at).where(Membership.id == bindparam("id")))


class Unclaimed(Exception):
    """Money moves at Stripe for something that is not ours, or twice for one of ours: a person has to look."""


@dataclass(frozen=True, slots=True)
class Synced:
    """A membership after a look at Stripe, and whether it stood otherwise before."""

    row: Membership
    changed: bool


def subscription_now(
    session: Session,
    subscription_id: str,
    *,
    gateway: Gateway,
    catalog: Catalog,
    now: datetime,
) -> Synced | None:
    """Bring a membership in line with its subscription; None for an attempt that came to nothing.

    One call: the subscription with its latest invoice.
    Raises Unclaimed, and the gateway's errors.
    """
    writes.lock_object(session, subscription_id)
    facts = gateway.get_subscription(subscription_id)
    return apply(session, facts, catalog=catalog, now=now)


def apply(
    session: Session,
    facts: SubscriptionFacts,
    *,
    invoices: tuple[InvoiceFacts, ...] = (),
    catalog: Catalog,
    now: datetime,
) -> Synced | None:
    """Write what Stripe said of a subscription, and of `invoices` of it besides the latest.

    The caller holds `writes.lock_object` of it, taken before Stripe was asked. Raises Unclaimed.
    """
    row = _claim(session, facts, catalog, now)
    if row is None:
        return None
    if facts.price_cents not in (row.price_cents, row.next_price_cents):
        log.error("a membership's price at Stripe is not one that was agreed", membership=str(row.id))
    known = {one.id for one in invoices}
    latest = facts.latest_invoice
    if latest is not None and latest.id not in known:
        invoices = (latest, *invoices)
    before, was_active, was_ending = row.status, row.activated_at is not None, row.cancels_at_period_end
    try:
        transitions.move(before, transitions.shows(facts.status, facts.stopped_for))
    except transitions.NoSuchMove as error:
        raise Unclaimed(f"{facts.id}: {error}") from None
    writes.take_over(row, facts)
    if row.status not in ("grace", "stopped"):
        row.grace_since = None
    elif row.grace_since is None and row.status == "grace":
        row.grace_since = now
    changed = session.is_modified(row)
    for invoice in invoices:
        writes.keep_invoice(session, row, invoice, now)
    step = rules.step(
        before,
        row.status,
        was_active=was_active,
        was_ending=was_ending,
        ends=row.cancels_at_period_end,
        stopped_for=row.stopped_for,
    )
    effects.follow(session, row, step, invoices, catalog, now)
    if row.status == "ended" and row.ended_at is None:
        row.ended_at = now
    if before != row.status:
        audit.record(session, SYSTEM, f"membership.{row.status}", "membership", row.id, patient_id=row.patient_id)
    session.flush()
    return Synced(row, changed)


def page_now(session: Session, page: CheckoutPage) -> None:
    """Bring our record of a pay page in line with it, found by its id or, after a crash, by our own reference."""
    row = session.scalars(
        select(Checkout)
        .where(or_(Checkout.stripe_session_id == page.id, Checkout.id == page.checkout_id))
        .with_for_update()
    ).first()
    if row is None:
        log.warning("a pay page that is not ours", session=page.id)
        return
    row.stripe_session_id, row.expires_at = page.id, page.expires_at
    if row.status != "completed" and not (row.status == "expired" and page.status == "open"):
        row.status = page.status
    session.flush()


def _claim(session: Session, facts: SubscriptionFacts, catalog: Catalog, now: datetime) -> Membership | None:
    """The membership this subscription is for. None when it is an attempt that came to nothing, or one too many."""
    found = facts.membership_id or session.scalar(
        select(Membership.id).where(Membership.stripe_subscription_id == facts.id)
    )
    whose = _WHOSE.run(session, id=found) if found else None
    if whose is not None and (whose.activated_at is None or facts.status == "ended"):
        # Care may begin or end: locked before the membership, as everywhere, so that nobody waits in a circle.
        enrollment.locked(session, whose.enrollment_id)
    row = writes.locked_membership(session, found) if found else None
    if row is None:
        raise Unclaimed(f"{facts.id}: no membership of ours")
    ours = row.stripe_subscription_id in (None, facts.id) and (row.status != "ended" or facts.status == "ended")
    if ours:
        return row
    others.end_other(session, row, facts, catalog, now)
    return None
