"""Charges as they are stored, of somebody whose membership began without Stripe."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from service.billing.models import Invoice, InvoiceLine, Refund
from service.kit import db
from service.kit.ids import new_id


def a_charge(membership_id: UUID, at: datetime, *, lines: tuple[tuple[str, int], ...] = (), **columns: object) -> UUID:
    """A month's charge, paid at `at` unless `columns` say otherwise. `lines`: kind and cents of each."""
    row_id = new_id()
    values: dict[str, object] = {
        "status": "paid",
        "number": f"HW-{row_id.hex[-6:].upper()}",
        "subtotal_cents": 25000,
        "amount_due_cents": 25000,
        "amount_paid_cents": 25000,
        "issued_at": at,
        "paid_at": at,
        "card_brand": "visa",
        "card_last4": "4242",
        **columns,
    }
    with db.transaction() as session:
        session.add(Invoice(id=row_id, membership_id=membership_id, stripe_invoice_id=f"in_{row_id.hex}", **values))
        session.flush()
        for number, (kind, cents) in enumerate(lines or (("month", 25000),)):
            session.add(
                InvoiceLine(
                    id=new_id(),
                    invoice_id=row_id,
                    stripe_line_id=f"il_{row_id.hex}_{number}",
                    kind=kind,
                    amount_cents=cents,
                    starts_at=at,
                    ends_at=at + timedelta(days=30),
                )
            )
    return row_id


def a_refund(invoice_id: UUID, membership_id: UUID, patient_id: UUID, cents: int, at: datetime) -> None:
    """Money given back on a charge, done."""
    with db.transaction() as session:
        session.add(
            Refund(
                id=new_id(),
                invoice_id=invoice_id,
                membership_id=membership_id,
                patient_id=patient_id,
                amount_cents=cents,
                lines={},
                reason="unused",
                source="rule",
                status="done",
                asked_at=at,
                settled_at=at,
                stripe_refund_id=f"re_{new_id().hex}",
            )
        )
        session.flush()
        session.get_one(Invoice, invoice_id).refunded_cents += cents
