"""What Stripe says of money that moves back: refunds that fail late, and payments a cardholder's bank disputes."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import exists, not_, select
from sqlalchemy.orm import Session

from service.audit import writes as audit
from service.billing import rules, writes
from service.billing.actions import sync
from service.billing.actions.intents.giving import settle_refund
from service.billing.actions.trouble import call_each
from service.billing.gateway import DisputeFacts, Gateway
from service.billing.models import Dispute, Invoice, Membership, Refund
from service.catalog.rules.whole import Catalog
from service.kit import db
from service.kit.actor import SYSTEM
from service.kit.errors import TryAgain
from service.kit.ids import new_id
from service.safety import rules as safety_rules
from service.safety import writes as calls
from service.safety.models import Alert

log = structlog.get_logger(__name__)


def refund_now(session: Session, stripe_refund_id: str, *, gateway: Gateway, now: datetime) -> None:
    """Bring a refund in line with Stripe. One that nobody here gave is for the nightly comparison to find."""
    found = session.execute(
        select(Refund.id, Refund.membership_id).where(Refund.stripe_refund_id == stripe_refund_id)
    ).one_or_none()
    if found is None:
        facts = gateway.get_refund(stripe_refund_id)
        found = session.execute(
            select(Refund.id, Refund.membership_id).where(Refund.id == facts.refund_id)
        ).one_or_none()
    if found is None:
        log.warning("a refund that was not given here", refund=stripe_refund_id)
        return
    writes.locked_membership(session, found.membership_id)
    facts = gateway.get_refund(stripe_refund_id)
    settle_refund(session, session.get_one(Refund, found.id), facts, now)


def dispute_now(session: Session, dispute_id: str, *, gateway: Gateway, catalog: Catalog, now: datetime) -> UUID:
    """Bring a dispute in line with Stripe: the row, the ledger, and on its first day a call for somebody.

    Returns our id of it. Raises `sync.Unclaimed` where it is about no charge of ours.
    """
    known = session.scalar(select(Dispute.invoice_id).where(Dispute.stripe_dispute_id == dispute_id))
    # Which charge a dispute is about never changes, so it may be asked before anything is locked.
    invoice_id = known or _disputed_charge(session, gateway.get_dispute(dispute_id), gateway)
    membership_id = session.get_one(Invoice, invoice_id).membership_id
    membership = writes.locked_membership(session, membership_id)
    assert membership is not None
    facts = gateway.get_dispute(dispute_id)
    row = session.scalars(select(Dispute).where(Dispute.stripe_dispute_id == dispute_id)).one_or_none()
    if row is None:
        row = _opened(session, membership, invoice_id, facts, catalog, now)
    row.status, row.reason, row.due_at = facts.status, facts.reason, facts.due_at
    if facts.status in rules.DISPUTE_CLOSED and row.closed_at is None:
        row.closed_at = now
        audit.record(
            session, SYSTEM, "dispute.close", "dispute", row.id, patient_id=row.patient_id, reason=facts.status
        )
    _book(session, row, facts, now)
    session.flush()
    return row.id


def call_about_failed_refunds(*, catalog: Catalog, now: datetime) -> int:
    """Money that was given back and did not arrive: somebody is called, once for each. Returns about how many."""
    called = exists().where(Alert.source_id == Refund.id, Alert.code == rules.REFUND_ALERT)
    query = select(Refund.patient_id, Refund.id).where(Refund.status == "failed", not_(called)).limit(100)
    with db.reading() as session:
        found = [(row.patient_id, row.id) for row in session.execute(query)]
    call_each(rules.REFUND_ALERT, found, catalog, now)
    return len(found)


def _disputed_charge(session: Session, facts: DisputeFacts, gateway: Gateway) -> UUID:
    payment = facts.payment_id
    found = None
    if payment is not None:
        found = session.scalar(select(Invoice.id).where(Invoice.stripe_payment_id == payment))
        if found is None and (stripe_id := gateway.invoice_of_payment(payment)) is not None:
            found = session.scalar(select(Invoice.id).where(Invoice.stripe_invoice_id == stripe_id))
            if found is None and _is_ours(session, gateway.get_invoice(stripe_id).subscription_id):
                raise TryAgain("a dispute came before the charge it is about")
    if found is None:
        raise sync.Unclaimed(f"{facts.id}: a dispute about no charge of ours")
    return found


def _is_ours(session: Session, subscription_id: str | None) -> bool:
    mine = exists().where(Membership.stripe_subscription_id == subscription_id)
    return subscription_id is not None and bool(session.scalar(select(mine)))


def _opened(
    session: Session, membership: Membership, invoice_id: UUID, facts: DisputeFacts, catalog: Catalog, now: datetime
) -> Dispute:
    row = Dispute(
        id=new_id(),
        stripe_dispute_id=facts.id,
        invoice_id=invoice_id,
        membership_id=membership.id,
        patient_id=membership.patient_id,
        amount_cents=facts.amount_cents,
        reason=facts.reason,
        status=facts.status,
        opened_at=facts.created_at,
    )
    session.add(row)
    session.flush()
    audit.record(session, SYSTEM, "dispute.open", "dispute", row.id, patient_id=row.patient_id)
    calls.raise_alert(
        session,
        code=rules.DISPUTE_ALERT,
        source_kind="payment",
        source_id=row.id,
        patient_id=row.patient_id,
        now=now,
        definition=safety_rules.definition(catalog, rules.DISPUTE_ALERT),
    )
    return row


def _book(session: Session, row: Dispute, facts: DisputeFacts, now: datetime) -> None:
    """An inquiry ("warning") moves no money; a dispute takes it at once, and one that is won brings it back."""
    if facts.status.startswith("warning_"):
        return
    about: dict[str, Any] = {
        "patient_id": row.patient_id,
        "membership_id": row.membership_id,
        "invoice_id": row.invoice_id,
        "stripe_id": row.stripe_dispute_id,
        "now": now,
    }
    writes.ledger.book(session, "dispute", amount_cents=-row.amount_cents, moved_at=facts.created_at, **about)
    if facts.status == "won":
        writes.ledger.book(session, "dispute_won", amount_cents=row.amount_cents, moved_at=now, **about)
