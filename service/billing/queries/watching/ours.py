"""Our side of a comparison with Stripe, a page at a time: never more in memory than one page needs."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from service.billing.models import Invoice, LedgerEntry, Membership, StripeEvent
from service.billing.rules import LIVE


@dataclass(frozen=True, slots=True)
class Ours:
    """A membership as we believe it stands. Money in cents."""

    id: UUID
    subscription_id: str | None
    status: str
    stopped_for: str | None
    price_cents: int
    next_price_cents: int | None
    period_ends_at: datetime | None
    cancels_at_period_end: bool
    collection_resumes_at: datetime | None

    def words(self, agreed_cents: int | None = None) -> Mapping[str, object]:
        """By the field's name. `agreed_cents`: Stripe's price, which stands for ours where either was agreed to."""
        found: dict[str, object] = {"status": self.status}
        if self.status in LIVE:
            prices = (self.price_cents, self.next_price_cents)
            found |= {
                "stopped_for": self.stopped_for,
                "period": self.period_ends_at,
                "ending": self.cancels_at_period_end,
                "skipped": self.collection_resumes_at,
                "price": agreed_cents if agreed_cents in prices else self.next_price_cents or self.price_cents,
            }
        return found


_COLUMNS = (
    Membership.id,
    Membership.stripe_subscription_id,
    Membership.status,
    Membership.stopped_for,
    Membership.price_cents,
    Membership.next_price_cents,
    Membership.period_ends_at,
    Membership.cancels_at_period_end,
    Membership.collection_resumes_at,
)


def of_subscriptions(session: Session, ids: Collection[str]) -> dict[str, Ours]:
    """Ours by Stripe's ids, those we know."""
    rows: Any = session.execute(select(*_COLUMNS).where(Membership.stripe_subscription_id.in_(ids)))
    return {row[1]: Ours(*row) for row in rows}


def of_memberships(session: Session, ids: Collection[UUID]) -> dict[UUID, Ours]:
    """Ours by our own ids."""
    rows: Any = session.execute(select(*_COLUMNS).where(Membership.id.in_(ids)))
    return {row[0]: Ours(*row) for row in rows}


def on_its_way(session: Session, ids: Collection[str]) -> set[str]:
    """Those of these subscriptions about which a message waits to be handled: they may differ for a moment."""
    query = select(StripeEvent.subject_id).where(
        StripeEvent.handled_at.is_(None), StripeEvent.parked_at.is_(None), StripeEvent.subject_id.in_(ids)
    )
    return {found for found in session.scalars(query) if found is not None}


def live_after(session: Session, after: UUID | None, *, not_seen_since: datetime, limit: int) -> list[Ours]:
    """What we believe to be live and Stripe's list did not name since then, in the order of our ids."""
    query = select(*_COLUMNS).where(
        Membership.status.in_(LIVE),
        Membership.stripe_subscription_id.is_not(None),
        or_(Membership.compared_at.is_(None), Membership.compared_at < not_seen_since),
    )
    if after is not None:
        query = query.where(Membership.id > after)
    rows: Any = session.execute(query.order_by(Membership.id).limit(limit))
    return [Ours(*row) for row in rows]


@dataclass(frozen=True, slots=True)
class OurCharge:
    """A charge as we keep it, and what the ledger says came in for it. Cents."""

    membership_id: UUID
    status: str
    paid_cents: int
    booked_cents: int


def charges_of(session: Session, ids: Collection[str]) -> dict[str, OurCharge]:
    """Ours by Stripe's ids of invoices."""
    booked = (
        select(func.coalesce(func.sum(LedgerEntry.amount_cents), 0))
        .where(LedgerEntry.invoice_id == Invoice.id, LedgerEntry.kind == "payment")
        .scalar_subquery()
    )
    rows: Any = session.execute(
        select(
            Invoice.stripe_invoice_id, Invoice.membership_id, Invoice.status, Invoice.amount_paid_cents, booked
        ).where(Invoice.stripe_invoice_id.in_(ids))
    )
    return {row[0]: OurCharge(row[1], row[2], int(row[3]), int(row[4])) for row in rows}


def payments_known(session: Session, payment_ids: Collection[str]) -> dict[str, UUID]:
    """The membership of each of these payments that is one of ours."""
    rows: Any = session.execute(
        select(Invoice.stripe_payment_id, Invoice.membership_id).where(Invoice.stripe_payment_id.in_(payment_ids))
    )
    return {row[0]: row[1] for row in rows}


def given_back(session: Session, refund_ids: Collection[str]) -> dict[str, int]:
    """What the ledger says was given back by each of these refunds, a failed one's taken off. Positive cents."""
    rows: Any = session.execute(
        select(LedgerEntry.stripe_id, func.sum(LedgerEntry.amount_cents))
        .where(LedgerEntry.kind.in_(("refund", "refund_failed")), LedgerEntry.stripe_id.in_(refund_ids))
        .group_by(LedgerEntry.stripe_id)
    )
    return {row[0]: -int(row[1]) for row in rows}


@dataclass(frozen=True, slots=True)
class Sums:
    """One membership's books: the ledger's sum without disputes, and paid less given back by its charges. Cents."""

    membership_id: UUID
    subscription_id: str | None
    ledger_cents: int
    charges_cents: int


def sums_after(session: Session, after: UUID | None, *, limit: int) -> list[Sums]:
    """The books of memberships in the order of our ids."""
    page = select(Membership.id, Membership.stripe_subscription_id).order_by(Membership.id).limit(limit)
    if after is not None:
        page = page.where(Membership.id > after)
    found = page.subquery()
    ledger = (
        select(func.coalesce(func.sum(LedgerEntry.amount_cents), 0))
        .where(
            LedgerEntry.membership_id == found.c.id,
            LedgerEntry.kind.in_(("payment", "refund", "refund_failed")),
        )
        .scalar_subquery()
    )
    charges = (
        select(func.coalesce(func.sum(Invoice.amount_paid_cents - Invoice.refunded_cents), 0))
        .where(Invoice.membership_id == found.c.id)
        .scalar_subquery()
    )
    rows: Any = session.execute(
        select(found.c.id, found.c.stripe_subscription_id, ledger, charges).order_by(found.c.id)
    )
    return [Sums(row[0], row[1], int(row[2]), int(row[3])) for row in rows]
