"""Memberships as pages and other domains see them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, bindparam, exists, or_, select
from sqlalchemy.orm import Session

from service.billing.models import Checkout, Intent, Membership, PriceNotice
from service.billing.rules import IN_CARE, LIVE, card_words
from service.billing.rules.charges import coming_cents, next_charge
from service.enrollment.models import Enrollment


@dataclass(frozen=True, slots=True)
class MembershipCard:
    """A membership as its patient sees it. `next_charge_at` is None when nothing will be charged.

    `plan` and `price_cents` are of the running month. `paid_until` is the end of the last month that was paid or given:
    where it is past, nothing that a month pays for leaves the house, while care, records and safety pages go on.
    """

    id: UUID
    patient_id: UUID
    enrollment_id: UUID
    plan: str
    price_cents: int
    status: str
    period_ends_at: datetime | None
    cancels_at_period_end: bool
    card_brand: str | None
    card_last4: str | None
    activated_at: datetime | None
    ended_at: datetime | None
    next_plan: str | None = None
    next_price_cents: int | None = None
    period_starts_at: datetime | None = None
    paid_until: datetime | None = None
    anchor_at: datetime | None = None
    collection_resumes_at: datetime | None = None
    stopped_for: str | None = None
    grace_since: datetime | None = None
    credit_cents: int = 0
    discount_percent: int | None = None
    discount_cents: int | None = None
    discount_ends_at: datetime | None = None
    card_expires_on: date | None = None
    price_asked: bool = False  # a new price waits for their answer
    leaving: bool = False  # an end was asked for, and Stripe has not answered yet

    @property
    def ends(self) -> bool:
        """Is this month to be the last, whether Stripe has said so yet or not?"""
        return self.cancels_at_period_end or self.leaving

    @property
    def next_charge_at(self) -> datetime | None:
        """The charge that comes: one that is skipped is not it."""
        if self.status not in IN_CARE or self.ends or self.period_ends_at is None:
            return None
        return next_charge(self.period_ends_at, self.anchor_at, self.collection_resumes_at)

    @property
    def next_cents(self) -> int:
        """What that charge comes to, after a discount and credit; 0 also where there is none."""
        return coming_cents(self, self.next_charge_at)

    @property
    def skips(self) -> bool:
        """Is a charge being left out: the one at the period's end, or that of the running, unpaid month?"""
        return self.collection_resumes_at is not None and self.status in IN_CARE

    @property
    def runs_out(self) -> bool:
        """Is the card out of date when the next charge comes?"""
        at = self.next_charge_at
        return at is not None and self.card_expires_on is not None and self.card_expires_on < at.date()

    @property
    def unpaid(self) -> bool:
        """Is the running month one that was left out?"""
        starts, paid = self.period_starts_at, self.paid_until
        return self.skips and starts is not None and paid is not None and paid <= starts

    @property
    def card(self) -> str:
        """ "Visa ending 4242", or an empty text."""
        return card_words(self.card_brand, self.card_last4)


@dataclass(frozen=True, slots=True)
class ActiveMembership:
    """A membership in care, for domains that derive their work from it."""

    id: UUID
    patient_id: UUID
    enrollment_id: UUID
    program: str
    activated_at: datetime


def end_waits(membership_id: Any) -> ColumnElement[bool]:
    """Was an end asked for that Stripe has not answered yet?"""
    return exists().where(
        Intent.membership_id == membership_id,
        Intent.status == "meant",
        or_(Intent.kind == "cancel", Intent.kind == "end"),  # no IN: the home page sends this as kept text
    )


_CARD = (
    Membership.id,
    Membership.patient_id,
    Membership.enrollment_id,
    Membership.plan,
    Membership.price_cents,
    Membership.status,
    Membership.period_ends_at,
    Membership.cancels_at_period_end,
    Membership.card_brand,
    Membership.card_last4,
    Membership.activated_at,
    Membership.ended_at,
    Membership.next_plan,
    Membership.next_price_cents,
    Membership.period_starts_at,
    Membership.paid_until,
    Membership.anchor_at,
    Membership.collection_resumes_at,
    Membership.stopped_for,
    Membership.grace_since,
    Membership.credit_cents,
    Membership.discount_percent,
    Membership.discount_cents,
    Membership.discount_ends_at,
    Membership.card_expires_on,
    exists().where(PriceNotice.membership_id == Membership.id, PriceNotice.outcome.is_(None)).label("price_asked"),
    end_waits(Membership.id).label("leaving"),
)
# Built once: it is asked on every home page, which asks it together with other rooms' questions.
CARD_OF_PATIENT = (
    select(*_CARD)
    .where(Membership.patient_id == bindparam("patient_id"))
    .order_by((Membership.status == "ended"), Membership.created_at.desc())
    .limit(1)
)


def membership_of(session: Session, patient_id: UUID) -> MembershipCard | None:
    """A patient's live membership, else their latest, else None."""
    row: Any = session.execute(CARD_OF_PATIENT, {"patient_id": patient_id}).one_or_none()
    return None if row is None else MembershipCard(*row)


def active_memberships(session: Session) -> list[ActiveMembership]:
    """Every membership in care (active, or in grace while a payment is sorted out), oldest first."""
    rows: Any = session.execute(
        select(
            Membership.id, Membership.patient_id, Membership.enrollment_id, Enrollment.program, Membership.activated_at
        )
        .join(Enrollment, Enrollment.id == Membership.enrollment_id)
        .where(Membership.status.in_(IN_CARE), Membership.activated_at.is_not(None))
        .order_by(Membership.activated_at)
    )
    return [ActiveMembership(*row) for row in rows]


def live_enrollment(session: Session, patient_id: UUID) -> UUID | None:
    """The enrollment a charge would be for, or None."""
    return session.scalar(
        select(Enrollment.id).where(
            Enrollment.patient_id == patient_id, Enrollment.status.not_in(("declined", "ended"))
        )
    )


def checkout_owner(session: Session, stripe_session_id: str) -> UUID | None:
    """The patient whose pay page this is, or None."""
    return session.scalar(
        select(Membership.patient_id)
        .join(Checkout, Checkout.membership_id == Membership.id)
        .where(Checkout.stripe_session_id == stripe_session_id)
    )


def has_membership(session: Session, patient_id: UUID) -> bool:
    """Does this patient have a live membership, of whatever health?"""
    return bool(
        session.scalar(select(exists().where(Membership.patient_id == patient_id, Membership.status.in_(LIVE))))
    )
