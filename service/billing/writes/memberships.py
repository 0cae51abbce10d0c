"""What the gate answered, and what Stripe says is true, written inside the caller's transaction."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from service.billing import queries
from service.billing.gateway import InvoiceFacts, SubscriptionFacts
from service.billing.models import Checkout, GateRecord, Invoice, InvoiceLine, Membership
from service.billing.writes import ledger
from service.catalog.rules.whole import Catalog
from service.enrollment.rules import gate
from service.kit.ids import new_id


def ask_gate(
    session: Session,
    *,
    patient_id: UUID,
    enrollment_id: UUID,
    period: str,
    charge_at: datetime,
    catalog: Catalog,
    now: datetime,
) -> tuple[gate.Answer, UUID]:
    """Ask the one gate about a charge at `charge_at` and keep what it said. Returns the answer and its record."""
    answer = gate.may("charge", queries.charge_facts(session, enrollment_id, catalog, charge_at), charge_at)
    record_id = new_id()
    session.execute(
        insert(GateRecord)
        .values(
            id=record_id,
            patient_id=patient_id,
            action="charge",
            period=period,
            asked_at=now,
            yes=answer.yes,
            reasons=list(answer.codes),
        )
        .on_conflict_do_nothing()  # two tabs in one instant asked the same
    )
    return answer, record_id


def lock_object(session: Session, stripe_id: str) -> None:
    """Wait until nobody else works on this object of Stripe's, and keep others waiting until the commit."""
    session.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:id, 0))"), {"id": stripe_id})


def locked_membership(session: Session, membership_id: UUID) -> Membership | None:
    """A membership's row, locked and read anew."""
    statement = select(Membership).where(Membership.id == membership_id).with_for_update()
    return session.scalars(statement.execution_options(populate_existing=True)).one_or_none()


def live_membership(session: Session, patient_id: UUID) -> Membership | None:
    """A patient's one live membership, locked, or None."""
    statement = select(Membership).where(Membership.patient_id == patient_id, Membership.status != "ended")
    return session.scalars(statement.with_for_update()).one_or_none()


def end_unpaid(session: Session, patient_id: UUID, now: datetime) -> bool:
    """End what never began to cost. False while something could still charge: a subscription, or an open pay page.

    Attempts that were meant and not made end too: whoever is making one finds it closed, and closes its page.
    The caller has locked the enrollment.
    """
    row = live_membership(session, patient_id)
    if row is None:
        return True
    if row.stripe_subscription_id is not None:
        return False
    attempts = select(Checkout).where(Checkout.membership_id == row.id, Checkout.status.in_(("meant", "open")))
    for attempt in session.scalars(attempts.with_for_update()):
        if attempt.status == "open":
            return False
        attempt.status = "expired"
    row.status, row.ended_at = "ended", now
    session.flush()
    return True


def mark_compared(session: Session, subscription_id: str, now: datetime) -> None:
    """This subscription's turn to be compared was now."""
    session.execute(
        update(Membership).where(Membership.stripe_subscription_id == subscription_id).values(compared_at=now)
    )


def take_over(row: Membership, facts: SubscriptionFacts) -> None:
    """Write what Stripe says is true of a membership. Which plan a month was paid for is our own knowledge."""
    row.stripe_subscription_id = facts.id
    row.stripe_customer_id = facts.customer_id
    row.status, row.stopped_for = facts.status, facts.stopped_for
    new_month = row.period_ends_at is not None and facts.period_starts_at >= row.period_ends_at
    if new_month and row.next_plan is not None and facts.price_cents == row.next_price_cents:
        row.plan, row.price_cents = row.next_plan, facts.price_cents
        row.next_plan = row.next_price_cents = None
    row.period_starts_at, row.period_ends_at = facts.period_starts_at, facts.period_ends_at
    row.cancels_at_period_end = facts.cancels_at_period_end
    row.collection_resumes_at = facts.collection_resumes_at
    row.anchor_at = facts.anchor_at or row.anchor_at
    if facts.trial:  # days given: a date that was moved
        row.paid_until = facts.period_ends_at
    if facts.card_last4 is not None:
        row.card_brand, row.card_last4, row.card_expires_on = facts.card_brand, facts.card_last4, facts.card_expires_on
    if facts.credit_cents is not None:
        row.credit_cents = facts.credit_cents
    if not facts.discounted or facts.discount_percent is not None or facts.discount_cents is not None:
        row.discount_percent, row.discount_cents = facts.discount_percent, facts.discount_cents
        row.discount_ends_at = facts.discount_ends_at


def keep_invoice(session: Session, row: Membership, facts: InvoiceFacts, now: datetime) -> None:
    """Write what Stripe says is true of an invoice, its lines, and the money it brought.

    Called again with the same facts, it changes nothing.
    """
    values: dict[str, Any] = {
        "status": facts.status,
        "amount_due_cents": facts.amount_due_cents,
        "amount_paid_cents": facts.amount_paid_cents,
        "paid_at": facts.paid_at,
        "number": facts.number,
        "occasion": facts.occasion,
        "subtotal_cents": facts.subtotal_cents,
        "discount_cents": facts.discount_cents,
        "credit_used_cents": facts.credit_used_cents,
        "attempts": facts.attempts,
        "next_try_at": facts.next_try_at,
    }
    if facts.payment_id is not None:
        values["stripe_payment_id"] = facts.payment_id
    kept = dict(values)
    if facts.status == "paid":  # the card it was paid with, whatever card there is later
        values |= {"card_brand": row.card_brand, "card_last4": row.card_last4}
        kept["card_brand"] = func.coalesce(Invoice.card_brand, row.card_brand)
        kept["card_last4"] = func.coalesce(Invoice.card_last4, row.card_last4)
    statement = insert(Invoice).values(
        id=new_id(), membership_id=row.id, stripe_invoice_id=facts.id, issued_at=facts.issued_at, **values
    )
    invoice_id = session.execute(
        statement.on_conflict_do_update(index_elements=["stripe_invoice_id"], set_=kept).returning(Invoice.id)
    ).scalar_one()
    if facts.status == "draft" or not facts.lines:
        return
    session.execute(
        insert(InvoiceLine)
        .values(
            [
                {
                    "id": new_id(),
                    "invoice_id": invoice_id,
                    "stripe_line_id": line.id,
                    "kind": line.kind,
                    "amount_cents": line.amount_cents,
                    "starts_at": line.starts_at,
                    "ends_at": line.ends_at,
                }
                for line in facts.lines
            ]
        )
        .on_conflict_do_nothing(index_elements=["stripe_line_id"])
    )
    if facts.status == "paid" and facts.paid_at is not None:
        _count_paid(session, row, invoice_id, facts, now)


def _count_paid(session: Session, row: Membership, invoice_id: UUID, facts: InvoiceFacts, now: datetime) -> None:
    """The money in the ledger, and until when it pays."""
    paid_until = max((line.ends_at for line in facts.lines if line.kind in ("month", "remaining")), default=None)
    if paid_until is not None and (row.paid_until is None or paid_until > row.paid_until):
        row.paid_until = paid_until
    if facts.amount_paid_cents > 0:
        assert facts.paid_at is not None
        ledger.book(
            session,
            "payment",
            patient_id=row.patient_id,
            membership_id=row.id,
            invoice_id=invoice_id,
            amount_cents=facts.amount_paid_cents,
            stripe_id=facts.id,
            moved_at=facts.paid_at,
            now=now,
        )


def next_attempt_number(session: Session, membership_id: UUID) -> int:
    """1 for a membership's first attempt to pay."""
    query = select(func.count()).select_from(Checkout).where(Checkout.membership_id == membership_id)
    return (session.scalar(query) or 0) + 1
