"""What a patient was charged, as they may look it up: a list by pages, one receipt, a year of them."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, and_, extract, func, or_, select, tuple_
from sqlalchemy.orm import Session

from service.billing.models import Invoice, InvoiceLine, Membership, Refund
from service.billing.rules import card_words

SHOWN = ("paid", "open", "uncollectible")  # a draft is not yet a charge, a void one never was
A_PAGE = 12


@dataclass(frozen=True, slots=True)
class InvoiceRow:
    """One charge in the list. Amounts in cents; `paid_at` is None for one that waits."""

    id: UUID
    number: str
    status: str
    issued_at: datetime
    paid_at: datetime | None
    due_cents: int
    paid_cents: int
    refunded_cents: int

    @property
    def is_receipt(self) -> bool:
        """Was it settled, by a card or by credit?"""
        return self.status == "paid"


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a charge: a month, unused time given back (negative), remaining time charged."""

    kind: str
    price_key: str | None
    starts_at: datetime
    ends_at: datetime
    amount_cents: int


@dataclass(frozen=True, slots=True)
class GivenBack:
    """Money given back on a charge."""

    amount_cents: int
    on: datetime


@dataclass(frozen=True, slots=True)
class Receipt:
    """Everything a settled charge says."""

    id: UUID
    number: str
    plan: str
    issued_at: datetime
    paid_at: datetime
    lines: tuple[Line, ...]
    subtotal_cents: int
    discount_cents: int
    credit_cents: int
    paid_cents: int
    refunded_cents: int
    refunds: tuple[GivenBack, ...]
    card: str


_ROW: tuple[Any, ...] = (
    Invoice.id,
    Invoice.number,
    Invoice.status,
    Invoice.issued_at,
    Invoice.paid_at,
    Invoice.amount_due_cents,
    Invoice.amount_paid_cents,
    Invoice.refunded_cents,
)


def number_of(stripe_number: str | None, invoice_id: UUID) -> str:
    """The number on the paper: Stripe's, or for what was charged before we kept it the end of our own id."""
    return stripe_number or f"R-{invoice_id.hex[-10:].upper()}"


def invoices_page(
    session: Session, patient_id: UUID, *, after: UUID | None = None, limit: int = A_PAGE
) -> tuple[list[InvoiceRow], UUID | None]:
    """A patient's charges from the newest on, those behind `after`, and where the next page begins (None: the end)."""
    query = (
        select(*_ROW)
        .where(_of(patient_id), Invoice.status.in_(SHOWN), _of_money())
        .order_by(Invoice.issued_at.desc(), Invoice.id.desc())
        .limit(limit + 1)
    )
    if after is not None:
        from_there = select(Invoice.issued_at, Invoice.id).where(Invoice.id == after, _of(patient_id))
        query = query.where(tuple_(Invoice.issued_at, Invoice.id) < from_there.scalar_subquery())
    rows: Any = session.execute(query).all()
    found = [InvoiceRow(row[0], number_of(row[1], row[0]), *row[2:]) for row in rows[:limit]]
    return found, found[-1].id if len(rows) > limit else None


def receipt(session: Session, patient_id: UUID, invoice_id: UUID) -> Receipt | None:
    """One settled charge of this patient, with its lines and what was given back; None for anybody else's."""
    found = _receipts(session, _settled(patient_id).where(Invoice.id == invoice_id))
    return found[0] if found else None


def receipts_between(session: Session, patient_id: UUID, since: datetime, until: datetime) -> list[Receipt]:
    """Every charge settled in [since, until), the oldest first, in three statements."""
    return _receipts(session, _settled(patient_id).where(Invoice.paid_at >= since, Invoice.paid_at < until))


def open_charge(session: Session, patient_id: UUID) -> InvoiceRow | None:
    """What this patient may pay now: the newest charge of a membership that runs, or waits for it; None for nothing."""
    row: Any = session.execute(
        select(*_ROW)
        .join(Membership, Membership.id == Invoice.membership_id)
        .where(
            Membership.patient_id == patient_id,
            Membership.status.in_(("grace", "stopped")),
            Membership.stopped_for.is_distinct_from("paused"),
            Invoice.status == "open",
            Invoice.amount_due_cents > 0,
        )
        .order_by(Invoice.issued_at.desc(), Invoice.id.desc())
        .limit(1)
    ).one_or_none()
    return None if row is None else InvoiceRow(row[0], number_of(row[1], row[0]), *row[2:])


def first_paid_at(session: Session, patient_id: UUID) -> datetime | None:
    """When this patient first paid, or None."""
    query = select(Invoice.paid_at).where(_of(patient_id), Invoice.status == "paid", _of_money())
    return session.scalar(query.order_by(Invoice.paid_at).limit(1))


def paid_years(session: Session, patient_id: UUID, zone: str) -> list[int]:
    """The calendar years of that zone in which this patient paid something, the latest first."""
    year = extract("year", func.timezone(zone, Invoice.paid_at))
    query = select(year).where(_of(patient_id), Invoice.status == "paid", Invoice.paid_at.is_not(None), _of_money())
    return [int(found) for found in session.scalars(query.distinct().order_by(year.desc()))]


def _of(patient_id: UUID) -> Any:
    return Invoice.membership_id.in_(select(Membership.id).where(Membership.patient_id == patient_id))


def _of_money() -> Any:
    """Not the empty one that Stripe makes when a date moves."""
    return or_(Invoice.amount_paid_cents > 0, Invoice.amount_due_cents > 0, Invoice.subtotal_cents > 0)


def _settled(patient_id: UUID) -> Select[*tuple[Any, ...]]:
    return (
        select(Invoice, Membership.plan, Membership.card_brand, Membership.card_last4)
        .join(Membership, Membership.id == Invoice.membership_id)
        .where(
            and_(
                Membership.patient_id == patient_id,
                Invoice.status == "paid",
                Invoice.paid_at.is_not(None),
                _of_money(),
            )
        )
        .order_by(Invoice.paid_at, Invoice.id)
    )


def _receipts(session: Session, query: Select[*tuple[Any, ...]]) -> list[Receipt]:
    rows = session.execute(query).all()
    ids = [row.Invoice.id for row in rows]
    lines: dict[UUID, list[Line]] = defaultdict(list)
    refunds: dict[UUID, list[GivenBack]] = defaultdict(list)
    if ids:
        for line in session.scalars(
            select(InvoiceLine).where(InvoiceLine.invoice_id.in_(ids)).order_by(InvoiceLine.starts_at, InvoiceLine.id)
        ):
            lines[line.invoice_id].append(
                Line(line.kind, line.price_key, line.starts_at, line.ends_at, line.amount_cents)
            )
        given = select(Refund.invoice_id, Refund.amount_cents, Refund.settled_at).where(
            Refund.invoice_id.in_(ids), Refund.status == "done", Refund.settled_at.is_not(None)
        )
        for one in session.execute(given.order_by(Refund.settled_at)):
            assert one.settled_at is not None
            refunds[one.invoice_id].append(GivenBack(one.amount_cents, one.settled_at))
    return [_receipt(row, lines[row.Invoice.id], refunds[row.Invoice.id]) for row in rows]


def _receipt(row: Any, lines: list[Line], refunds: list[GivenBack]) -> Receipt:
    invoice: Invoice = row.Invoice
    assert invoice.paid_at is not None
    taken_off = invoice.discount_cents + invoice.credit_used_cents
    return Receipt(
        id=invoice.id,
        number=number_of(invoice.number, invoice.id),
        plan=row.plan,
        issued_at=invoice.issued_at,
        paid_at=invoice.paid_at,
        lines=tuple(lines),
        subtotal_cents=invoice.subtotal_cents or invoice.amount_paid_cents + taken_off,
        discount_cents=invoice.discount_cents,
        credit_cents=invoice.credit_used_cents,
        paid_cents=invoice.amount_paid_cents,
        refunded_cents=invoice.refunded_cents,
        refunds=tuple(refunds),
        card=card_words(invoice.card_brand or row.card_brand, invoice.card_last4 or row.card_last4),
    )
