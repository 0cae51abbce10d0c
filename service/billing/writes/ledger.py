"""Money that moved, written down once. Rows are only added: a correction is another row."""

from __future__ import annotations

from datetime import datetime
from typing import Literal, TypeAlias
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from service.billing.models import LedgerEntry
from service.kit.commands import Command, params
from service.kit.ids import new_id

Kind: TypeAlias = Literal["payment", "refund", "refund_failed", "dispute", "dispute_won"]

_BOOK = Command(
    insert(LedgerEntry)
    .values(
        params(
            *(LedgerEntry.id, LedgerEntry.patient_id, LedgerEntry.membership_id, LedgerEntry.invoice_id),
            *(LedgerEntry.kind, LedgerEntry.amount_cents, LedgerEntry.stripe_id),
            *(LedgerEntry.moved_at, LedgerEntry.noted_at),
        )
    )
    .on_conflict_do_nothing(index_elements=[LedgerEntry.kind, LedgerEntry.stripe_id])
    .returning(LedgerEntry.id)
)


def book(
    session: Session,
    kind: Kind,
    *,
    patient_id: UUID,
    membership_id: UUID,
    invoice_id: UUID,
    amount_cents: int,
    stripe_id: str,
    moved_at: datetime,
    now: datetime,
) -> bool:
    """Book one movement; money in is positive. False when this object of Stripe's was booked as this before."""
    found = _BOOK.run(
        session,
        id=new_id(),
        patient_id=patient_id,
        membership_id=membership_id,
        invoice_id=invoice_id,
        kind=kind,
        amount_cents=amount_cents,
        stripe_id=stripe_id,
        moved_at=moved_at,
        noted_at=now,
    )
    return found is not None
