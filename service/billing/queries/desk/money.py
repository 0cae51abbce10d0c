"""The money of one membership: charges with their lines, what was given back, given on top, and disputed."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from service.accounts import queries as accounts
from service.billing.models import Credit, Dispute, Invoice, InvoiceLine, Refund
from service.billing.rules import RESERVED, left_to_refund
from service.billing.rules.giving import DISPUTE_LOST
from service.kit import crypto

SHOWN = 100  # charges of one membership: eight years of months


@dataclass(frozen=True, slots=True)
class ChargeLine:
    """One line of a charge. `given_cents`: what was given back on it, or is promised."""

    id: UUID
    kind: str
    amount_cents: int
    given_cents: int
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class Charge:
    """One charge as Stripe reports it. `left_cents` may still be given back: nothing while a bank disputes it, and
    nothing where it gave the money back itself (`lost`).
    """

    id: UUID
    stripe_id: str
    number: str
    occasion: str
    status: str
    subtotal_cents: int
    discount_cents: int
    credit_used_cents: int
    due_cents: int
    paid_cents: int
    refunded_cents: int
    promised_cents: int
    left_cents: int
    attempts: int
    next_try_at: datetime | None
    issued_at: datetime
    paid_at: datetime | None
    disputed: bool
    lost: bool
    lines: tuple[ChargeLine, ...]

    @property
    def has_failed(self) -> bool:
        """Did any try to charge it fail? One that was paid in the end had one try that did not."""
        return self.attempts > (1 if self.status == "paid" else 0)


@dataclass(frozen=True, slots=True)
class Given:
    """A refund or a credit with its story. `kind`: refund, credit, comp. `cents` is None where months were given."""

    id: UUID
    kind: str
    membership_id: UUID
    patient_id: UUID
    invoice_id: UUID | None
    cents: int | None
    months: int | None
    reason: str
    note: str
    by_rule: bool
    status: str
    takes_two: bool
    asked_by: UUID | None
    asked_by_name: str
    asked_at: datetime
    decided_by_name: str
    decided_at: datetime | None
    settled_at: datetime | None
    failure: str


@dataclass(frozen=True, slots=True)
class DisputeFacts:
    """A payment that the cardholder's bank took back, or wants explained. Words of Stripe's."""

    id: UUID
    membership_id: UUID
    patient_id: UUID
    invoice_id: UUID
    stripe_id: str
    amount_cents: int
    reason: str
    status: str
    opened_at: datetime
    due_at: datetime | None
    closed_at: datetime | None


def charges(session: Session, membership_id: UUID) -> tuple[Charge, ...]:
    """The charges of a membership, the newest first."""
    query = select(Invoice).where(Invoice.membership_id == membership_id)
    rows = list(session.scalars(query.order_by(Invoice.issued_at.desc(), Invoice.id.desc()).limit(SHOWN)))
    ids = [row.id for row in rows]
    given: dict[str, int] = defaultdict(int)
    for chosen in session.scalars(
        select(Refund.lines).where(Refund.invoice_id.in_(ids), Refund.status.in_((*RESERVED, "done")))
    ):
        for line_id, cents in chosen.items():
            given[line_id] += cents
    lines: dict[UUID, list[ChargeLine]] = defaultdict(list)
    of_these = select(InvoiceLine).where(InvoiceLine.invoice_id.in_(ids))
    for one in session.scalars(of_these.order_by(InvoiceLine.starts_at, InvoiceLine.id)):
        lines[one.invoice_id].append(
            ChargeLine(one.id, one.kind, one.amount_cents, given[str(one.id)], one.starts_at, one.ends_at)
        )
    disputed, lost = open_disputes_on(session, ids), lost_disputes_on(session, ids)
    return tuple(_charge(row, row.id in disputed, row.id in lost, tuple(lines[row.id])) for row in rows)


def open_disputes_on(session: Session, invoice_ids: list[UUID]) -> set[UUID]:
    """Those of these charges that the cardholder's bank disputes now."""
    query = select(Dispute.invoice_id).where(Dispute.invoice_id.in_(invoice_ids), Dispute.closed_at.is_(None))
    return set(session.scalars(query))


def lost_disputes_on(session: Session, invoice_ids: list[UUID]) -> set[UUID]:
    """Those of these charges that the cardholder's bank kept in the end."""
    query = select(Dispute.invoice_id).where(Dispute.invoice_id.in_(invoice_ids), Dispute.status == DISPUTE_LOST)
    return set(session.scalars(query))


def refunds(
    session: Session, *conditions: ColumnElement[bool], limit: int = SHOWN, oldest: bool = False
) -> list[Given]:
    """Refunds that fit, the newest or the `oldest` first, with who asked and who decided."""
    query = select(Refund).where(*conditions).order_by(*_order(Refund, oldest))
    rows = list(session.scalars(query.limit(limit)))
    names = _names(session, rows)
    return [
        Given(
            kind="refund",
            invoice_id=row.invoice_id,
            cents=row.amount_cents,
            months=None,
            by_rule=row.source == "rule",
            note=crypto.unseal(row.note_sealed, "refunds", "note", row.id) if row.note_sealed else "",
            asked_by_name=names.get(row.asked_by, "") if row.asked_by else "",
            decided_by_name=names.get(row.decided_by, "") if row.decided_by else "",
            failure=row.failure or "",
            **_same(row),
        )
        for row in rows
    ]


def credits_(
    session: Session, *conditions: ColumnElement[bool], limit: int = SHOWN, oldest: bool = False
) -> list[Given]:
    """Credits and months given that fit, the newest or the `oldest` first."""
    query = select(Credit).where(*conditions).order_by(*_order(Credit, oldest))
    rows = list(session.scalars(query.limit(limit)))
    names = _names(session, rows)
    return [
        Given(
            kind=row.kind,
            invoice_id=None,
            cents=row.amount_cents,
            months=row.months,
            by_rule=row.asked_by is None,
            note=crypto.unseal(row.note_sealed, "credits", "note", row.id) if row.note_sealed else "",
            asked_by_name=names.get(row.asked_by, "") if row.asked_by else "",
            decided_by_name=names.get(row.decided_by, "") if row.decided_by else "",
            failure=row.failure or "",
            **_same(row),
        )
        for row in rows
    ]


def disputes(session: Session, *conditions: ColumnElement[bool], limit: int = SHOWN) -> list[DisputeFacts]:
    """Disputes that fit: open ones first, then the newest."""
    query = select(Dispute).where(*conditions)
    order = (Dispute.closed_at.is_not(None), Dispute.opened_at.desc(), Dispute.id.desc())
    return [
        DisputeFacts(
            id=row.id,
            membership_id=row.membership_id,
            patient_id=row.patient_id,
            invoice_id=row.invoice_id,
            stripe_id=row.stripe_dispute_id,
            amount_cents=row.amount_cents,
            reason=row.reason,
            status=row.status,
            opened_at=row.opened_at,
            due_at=row.due_at,
            closed_at=row.closed_at,
        )
        for row in session.scalars(query.order_by(*order).limit(limit))
    ]


def _order(table: type[Refund] | type[Credit], oldest: bool) -> tuple[Any, ...]:
    columns = (table.asked_at, table.id)
    return columns if oldest else tuple(one.desc() for one in columns)


def _charge(row: Invoice, disputed: bool, lost: bool, lines: tuple[ChargeLine, ...]) -> Charge:
    left = left_to_refund(row.amount_paid_cents, row.refunded_cents, row.refunding_cents)
    return Charge(
        id=row.id,
        stripe_id=row.stripe_invoice_id,
        number=row.number or "",
        occasion=row.occasion,
        status=row.status,
        subtotal_cents=row.subtotal_cents,
        discount_cents=row.discount_cents,
        credit_used_cents=row.credit_used_cents,
        due_cents=row.amount_due_cents,
        paid_cents=row.amount_paid_cents,
        refunded_cents=row.refunded_cents,
        promised_cents=row.refunding_cents,
        left_cents=0 if disputed or lost else left,
        attempts=row.attempts,
        next_try_at=row.next_try_at,
        issued_at=row.issued_at,
        paid_at=row.paid_at,
        disputed=disputed,
        lost=lost,
        lines=lines,
    )


def _same(row: Refund | Credit) -> dict[str, Any]:
    return {
        "id": row.id,
        "membership_id": row.membership_id,
        "patient_id": row.patient_id,
        "reason": row.reason,
        "status": row.status,
        "takes_two": row.second_person,
        "asked_by": row.asked_by,
        "asked_at": row.asked_at,
        "decided_at": row.decided_at,
        "settled_at": row.settled_at,
    }


def _names(session: Session, rows: list[Refund] | list[Credit]) -> dict[UUID, str]:
    people = {one for row in rows for one in (row.asked_by, row.decided_by) if one is not None}
    return accounts.display_names(session, people)
