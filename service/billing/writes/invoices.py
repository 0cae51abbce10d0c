"""What Stripe says is true of a charge: the charge, its lines, and the money it brought."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from sqlalchemy import bindparam, func
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from service.billing.gateway import InvoiceFacts
from service.billing.models import Invoice, InvoiceLine, Membership
from service.billing.writes import ledger
from service.kit.commands import Command, params
from service.kit.ids import new_id

_SHOWN: Final = (
    Invoice.status,
    Invoice.amount_due_cents,
    Invoice.amount_paid_cents,
    Invoice.paid_at,
    Invoice.number,
    Invoice.occasion,
    Invoice.subtotal_cents,
    Invoice.discount_cents,
    Invoice.credit_used_cents,
    Invoice.attempts,
    Invoice.next_try_at,
)
SHOWN: Final = tuple(column.key for column in _SHOWN)  # a row and the facts say it by the same name
_FIRST = insert(Invoice).values(
    refunded_cents=0,
    refunding_cents=0,
    **params(
        *(Invoice.id, Invoice.membership_id, Invoice.stripe_invoice_id, Invoice.issued_at, Invoice.stripe_payment_id),
        *(Invoice.card_brand, Invoice.card_last4, *_SHOWN),
    ),
)
# The card it was paid with stays, whatever card there is later; a payment once known is not forgotten.
_KEEP = Command(
    _FIRST.on_conflict_do_update(
        index_elements=[Invoice.stripe_invoice_id],
        set_={column.key: _FIRST.excluded[column.key] for column in _SHOWN}
        | {
            "stripe_payment_id": func.coalesce(_FIRST.excluded.stripe_payment_id, Invoice.stripe_payment_id),
            "card_brand": func.coalesce(Invoice.card_brand, _FIRST.excluded.card_brand),
            "card_last4": func.coalesce(Invoice.card_last4, _FIRST.excluded.card_last4),
        },
    ).returning(Invoice.id)
)
_LINE = Command(
    insert(InvoiceLine)
    .values(
        price_key=bindparam("price_key", None, type_=InvoiceLine.price_key.type),
        **params(
            *(InvoiceLine.id, InvoiceLine.invoice_id, InvoiceLine.stripe_line_id, InvoiceLine.kind),
            *(InvoiceLine.amount_cents, InvoiceLine.starts_at, InvoiceLine.ends_at),
        ),
    )
    .on_conflict_do_nothing(index_elements=[InvoiceLine.stripe_line_id])
)


def shown(facts: InvoiceFacts) -> dict[str, Any]:
    """What a charge's row says, as Stripe has it now."""
    return {name: getattr(facts, name) for name in SHOWN}


def keep_invoice(session: Session, row: Membership, facts: InvoiceFacts, now: datetime) -> None:
    """Write what Stripe says is true of an invoice, its lines, and the money it brought.

    Called again with the same facts, it changes nothing.
    """
    paid = facts.status == "paid"
    if paid:
        _count_time(row, facts)
    invoice_id = _KEEP.run(
        session,
        id=new_id(),
        membership_id=row.id,
        stripe_invoice_id=facts.id,
        issued_at=facts.issued_at,
        stripe_payment_id=facts.payment_id,
        card_brand=row.card_brand if paid else None,
        card_last4=row.card_last4 if paid else None,
        **shown(facts),
    ).id
    if facts.status == "draft" or not facts.lines:
        return
    for line in facts.lines:
        _LINE.run(
            session,
            id=new_id(),
            invoice_id=invoice_id,
            stripe_line_id=line.id,
            kind=line.kind,
            amount_cents=line.amount_cents,
            starts_at=line.starts_at,
            ends_at=line.ends_at,
            price_key=None,
        )
    if paid and facts.paid_at is not None and facts.amount_paid_cents > 0:
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


def _count_time(row: Membership, facts: InvoiceFacts) -> None:
    """Until when what was paid pays."""
    ends = [line.ends_at for line in facts.lines if line.kind in ("month", "remaining")]
    row.paid_until = max(*ends, row.paid_until) if ends and row.paid_until else max(ends, default=row.paid_until)
