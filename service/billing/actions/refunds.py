"""Money back by a rule: the promise and the call for it are kept in one transaction, the money goes afterwards."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from service.billing import writes
from service.billing.actions.intents.keep import mean
from service.billing.models import Intent, Invoice, InvoiceLine, Membership, Refund
from service.billing.rules import Payment, refund_due
from service.catalog.rules.refunds import Share
from service.kit.actor import SYSTEM, Actor


def send(session: Session, row: Membership, refund: Refund, *, actor: Actor, now: datetime) -> Intent:
    """Keep the call that gives an approved refund. The membership's row is locked. The same again is the same call."""
    found = session.get_one(Invoice, refund.invoice_id)
    details = {
        "refund": str(refund.id),
        "invoice": found.stripe_invoice_id,
        "payment": found.stripe_payment_id,
        "amount_cents": refund.amount_cents,
    }
    intent = mean(session, row, "refund", details=details, lane=f"refund:{refund.id}", actor=actor, now=now)
    intent.try_at = now
    return intent


def give_by_rule(
    session: Session,
    row: Membership,
    invoice_id: UUID,
    *,
    reason: str,
    now: datetime,
    cents: int | None = None,
    actor: Actor = SYSTEM,
) -> Intent | None:
    """Promise what is left of a charge back (or `cents` of it), and keep the call. None when nothing is left of it.

    The membership's row is locked. A rule gives back no more than is left, whoever asked before.
    """
    invoice = writes.refunds.locked_invoice(session, invoice_id)
    assert invoice is not None
    left = writes.refunds.left(invoice)
    amount = left if cents is None else min(cents, left)
    if amount <= 0:
        return None
    refund = writes.refunds.ask(
        session, row, invoice, amount_cents=amount, reason=reason, source="rule", asked_by=actor.user_id, now=now
    )
    return send(session, row, refund, actor=actor, now=now)


def due_by_policy(session: Session, row: Membership, share: Share, *, stopped_at: datetime) -> dict[UUID, int]:
    """What a membership's end gives back of each of its charges, in cents, by our id of the invoice."""
    lines: Any = session.execute(
        select(
            Invoice.id,
            Invoice.amount_paid_cents - Invoice.refunded_cents - Invoice.refunding_cents,
            func.min(InvoiceLine.starts_at),
            func.max(InvoiceLine.ends_at),
        )
        .join(InvoiceLine, InvoiceLine.invoice_id == Invoice.id)
        .where(Invoice.membership_id == row.id, Invoice.status == "paid", InvoiceLine.amount_cents > 0)
        .group_by(Invoice.id)
    )
    paid = {invoice_id: Payment(left, starts_at, ends_at) for invoice_id, left, starts_at, ends_at in lines}
    return refund_due(share, paid, stopped_at=stopped_at)
