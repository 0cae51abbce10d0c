"""What waits for somebody: second persons, failed payments, disputes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import and_, func, or_, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session

from service.accounts.models import Patient
from service.billing.models import Credit, Dispute, Invoice, Membership, Refund, StripeEvent
from service.billing.queries.desk.listing import Line, Listing, Place, listing
from service.billing.queries.desk.money import DisputeFacts, Given, credits_, disputes, refunds
from service.billing.queries.desk.story import TOLD
from service.billing.rules.shelves import FAILED, Wanted
from service.mail.models import OutboxMessage

MOST = 200


@dataclass(frozen=True, slots=True)
class Failed:
    """A charge that failed: how much, how often it was tried, when next, and what the patient was told.

    `amount_cents` is None where nothing is open any more: it was dropped, and the next month is to be paid.
    """

    line: Line
    invoice_id: UUID | None
    amount_cents: int | None
    attempts: int
    next_try_at: datetime | None
    told: int
    last_told_at: datetime | None


@dataclass(frozen=True, slots=True)
class Waits:
    """How much of each waits, for the staff home. `parked`: messages of Stripe's that nobody could act upon."""

    asks: int
    failed: int
    disputes: int
    parked: int


def waits(session: Session) -> Waits:
    """Counts only: no name is shown. Failed payments no further than 1,000."""

    def count(condition: Any) -> Any:
        return select(func.count()).where(condition).scalar_subquery()

    unpaid = or_(Membership.status == "grace", and_(Membership.status == "stopped", Membership.stopped_for == "unpaid"))
    failed = select(Membership.id).where(unpaid).limit(1001).subquery()
    row: Any = session.execute(
        select(
            count(Refund.status == "asked") + count(Credit.status == "asked"),
            select(func.count()).select_from(failed).scalar_subquery(),
            count(Dispute.closed_at.is_(None)),
            count(and_(StripeEvent.parked_at.is_not(None), StripeEvent.handled_at.is_(None))),
        )
    ).one()
    return Waits(*row)


def asks(session: Session) -> list[Given]:
    """Refunds and credits that wait for a second person, the longest waiting first."""
    found = refunds(session, Refund.status == "asked", limit=MOST, oldest=True)
    found += credits_(session, Credit.status == "asked", limit=MOST, oldest=True)
    return sorted(found, key=lambda one: one.asked_at)[:MOST]


def given(session: Session, given_id: UUID, *, refund: bool) -> Given | None:
    """One refund, or one credit, however it stands."""
    found = refunds(session, Refund.id == given_id) if refund else credits_(session, Credit.id == given_id)
    return found[0] if found else None


def open_disputes(session: Session, only: UUID | None = None) -> list[DisputeFacts]:
    """Open disputes and those closed lately; or the one with this id."""
    return disputes(session, *([Dispute.id == only] if only is not None else []), limit=MOST)


def failed_payments(
    session: Session, *, after: Place | None = None, before: Place | None = None
) -> tuple[Listing, tuple[Failed, ...]]:
    """A page of memberships whose last charge failed, with that charge and what was told about it."""
    page = listing(session, Wanted(shelf=FAILED), after=after, before=before)
    ids = [line.id for line in page.rows]
    charges: Any = session.execute(
        select(Invoice.membership_id, Invoice.id, Invoice.amount_due_cents, Invoice.attempts, Invoice.next_try_at)
        .ext(distinct_on(Invoice.membership_id))
        .where(Invoice.membership_id.in_(ids), Invoice.status == "open")
        .order_by(Invoice.membership_id, Invoice.issued_at.desc())
    )
    of = {row[0]: tuple(row[1:]) for row in charges}
    mails: Any = session.execute(
        select(Patient.id, func.count(), func.max(OutboxMessage.created_at))
        .join(OutboxMessage, OutboxMessage.user_id == Patient.user_id)
        .join(Membership, Membership.patient_id == Patient.id)
        .where(
            Membership.id.in_(ids),
            OutboxMessage.template == TOLD,
            OutboxMessage.created_at >= func.coalesce(Membership.grace_since, Membership.period_starts_at),
        )
        .group_by(Patient.id)
    )
    told = {patient_id: (number, at) for patient_id, number, at in mails}
    return page, tuple(_failed(line, of.get(line.id), *told.get(line.patient_id, (0, None))) for line in page.rows)


def _failed(line: Line, charge: Any, told: int, last_told_at: datetime | None) -> Failed:
    invoice_id, cents, attempts, next_try_at = charge or (None, None, 0, None)
    return Failed(line, invoice_id, cents, attempts, next_try_at, told, last_told_at)
