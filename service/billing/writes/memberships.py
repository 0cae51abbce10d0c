"""What the gate answered, and what Stripe says is true, written inside the caller's transaction."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Text, bindparam, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from service.billing import queries
from service.billing.gateway import SubscriptionFacts
from service.billing.models import Checkout, GateRecord, Membership
from service.catalog.rules.whole import Catalog
from service.enrollment.rules import gate
from service.kit.commands import Command
from service.kit.ids import new_id


def locking(stripe_id: ColumnElement[Any]) -> ColumnElement[Any]:
    """Waits as `lock_object` does, within a statement; locks nothing where there is no id."""
    return func.pg_advisory_xact_lock(func.hashtextextended(stripe_id, 0))


_LOCK = Command(select(locking(bindparam("id", type_=Text))))
_MEMBERSHIP = (
    select(Membership)
    .where(Membership.id == bindparam("id"))
    .with_for_update()
    .execution_options(populate_existing=True)
)


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
    _LOCK.run(session, id=stripe_id)


def locked_membership(session: Session, membership_id: UUID) -> Membership | None:
    """A membership's row, locked and read anew."""
    return session.scalars(_MEMBERSHIP, {"id": membership_id}).one_or_none()


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


def next_attempt_number(session: Session, membership_id: UUID) -> int:
    """1 for a membership's first attempt to pay."""
    query = select(func.count()).select_from(Checkout).where(Checkout.membership_id == membership_id)
    return (session.scalar(query) or 0) + 1
