"""Giving money back: asked for under the charge's lock, never more than was paid, settled by what Stripe shows."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Literal
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from service.billing import rules
from service.billing.models import Invoice, Membership, Refund
from service.billing.writes import ledger
from service.kit import crypto
from service.kit.errors import Conflict, Rejected, words
from service.kit.ids import new_id


def locked_invoice(session: Session, invoice_id: UUID) -> Invoice | None:
    """A charge's row, locked and read anew. The membership is locked before it, as everywhere."""
    statement = select(Invoice).where(Invoice.id == invoice_id).with_for_update()
    return session.scalars(statement.execution_options(populate_existing=True)).one_or_none()


def left(invoice: Invoice) -> int:
    """What of this charge may still be given back, in cents."""
    return rules.left_to_refund(invoice.amount_paid_cents, invoice.refunded_cents, invoice.refunding_cents)


def ask(
    session: Session,
    membership: Membership,
    invoice: Invoice,
    *,
    amount_cents: int,
    reason: str,
    source: Literal["staff", "rule"],
    now: datetime,
    asked_by: UUID | None = None,
    second_person: bool = False,
    lines: Mapping[str, int] | None = None,
    note: str = "",
) -> Refund:
    """Promise `amount_cents` of a charge back. Both rows are locked by the caller.

    From here on nobody else can promise the same money. With `second_person` it waits for one ("asked"), else it may be
    sent ("approved"). Raises Rejected for nothing or less, Conflict for more than is left of what was paid.
    """
    if amount_cents <= 0:
        raise Rejected("refund_nothing", words("Enter an amount of more than $0."))
    if amount_cents > left(invoice):
        raise Conflict("refund_too_much", words("That is more than is left of this payment. Nothing was given back."))
    row_id = new_id()
    row = Refund(
        id=row_id,
        invoice_id=invoice.id,
        membership_id=membership.id,
        patient_id=membership.patient_id,
        amount_cents=amount_cents,
        lines=dict(lines or {}),
        reason=reason,
        note_sealed=crypto.seal(note, "refunds", "note", row_id) if note else None,
        source=source,
        status="asked" if second_person else "approved",
        second_person=second_person,
        asked_by=asked_by,
        asked_at=now,
    )
    invoice.refunding_cents += amount_cents
    session.add(row)
    session.flush()
    return row


def decline(session: Session, invoice: Invoice, row: Refund, *, decided_by: UUID, now: datetime) -> None:
    """The second person says no: the money is free again. Both rows are locked by the caller."""
    row.status, row.decided_by, row.decided_at, row.settled_at = "declined", decided_by, now, now
    invoice.refunding_cents -= row.amount_cents
    session.flush()


def settle(
    session: Session,
    row: Refund,
    *,
    stripe_refund_id: str,
    stripe_status: str,
    moved_at: datetime,
    failure: str | None,
    now: datetime,
) -> rules.Outcome:
    """Write down how a refund stands at Stripe. The same again changes nothing; one that fails late is put back.

    A status nobody knows is answered with "unknown", and moves nothing.
    """
    outcome = rules.refund_outcome(stripe_status)
    invoice = locked_invoice(session, row.invoice_id)
    assert invoice is not None
    session.refresh(row, with_for_update=True)
    row.stripe_refund_id = stripe_refund_id
    if outcome == "done" and row.status in rules.RESERVED:
        row.status, row.settled_at = "done", now
        invoice.refunding_cents -= row.amount_cents
        invoice.refunded_cents += row.amount_cents
        _book(session, row, "refund", -row.amount_cents, moved_at, now)
    elif (
        outcome == "done" and row.status == "failed" and _book(session, row, "refund", -row.amount_cents, moved_at, now)
    ):
        # Given up here, since its answer could not be read, and made there all the same.
        row.status, row.settled_at, row.failure = "done", now, None
        invoice.refunded_cents += row.amount_cents
    elif outcome == "failed" and row.status == "done":
        row.status, row.settled_at, row.failure = "failed", now, failure
        invoice.refunded_cents -= row.amount_cents
        _book(session, row, "refund_failed", row.amount_cents, now, now)
    elif outcome == "failed" and row.status in rules.RESERVED:
        give_up(session, invoice, row, failure=failure or "failed", now=now)
    session.flush()
    return outcome


def give_up(session: Session, invoice: Invoice, row: Refund, *, failure: str, now: datetime) -> None:
    """No money moved, and none will by this refund: it may be promised anew. Both rows are locked by the caller."""
    if row.status not in rules.RESERVED:
        return
    row.status, row.settled_at, row.failure = "failed", now, failure
    invoice.refunding_cents -= row.amount_cents
    session.flush()


def _book(
    session: Session,
    row: Refund,
    kind: Literal["refund", "refund_failed"],
    amount_cents: int,
    moved_at: datetime,
    now: datetime,
) -> bool:
    return ledger.book(
        session,
        kind,
        patient_id=row.patient_id,
        membership_id=row.membership_id,
        invoice_id=row.invoice_id,
        amount_cents=amount_cents,
        stripe_id=row.stripe_refund_id or "",
        moved_at=moved_at,
        now=now,
    )
