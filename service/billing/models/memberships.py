"""Memberships as we know them, what was agreed, and what we meant to ask of Stripe.

No column says what a membership treats. Cards are a brand, four digits and a date, never a number.
"""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from service.kit.db import Base


class Membership(Base):
    """A recurring charge contract. One live one per patient, by the database's own word. Money in cents.

    `plan` and `price_cents` are what the running month was paid for; `next_...` is what the patient agreed to from the
    next charge on. `paid_until` is the end of the last month that was paid or given: a skipped month is not.
    """

    __tablename__ = "memberships"
    __table_args__ = (
        CheckConstraint("status IN ('awaiting_payment', 'active', 'grace', 'stopped', 'ended')", name="status"),
        CheckConstraint("price_cents > 0", name="price"),
        CheckConstraint("next_price_cents > 0", name="next_price"),
        CheckConstraint("stopped_for IN ('paused', 'unpaid')", name="stopped_for"),
        CheckConstraint("credit_cents >= 0", name="credit"),
        Index("uq_memberships_one_live", "patient_id", unique=True, postgresql_where=text("status <> 'ended'")),
        Index("ix_memberships_patient_id", "patient_id", "created_at"),
        Index("ix_memberships_standing", "status", "period_ends_at", "id"),
        Index(
            "ix_memberships_ending",
            "period_ends_at",
            "id",
            postgresql_where=text("status = 'active' AND cancels_at_period_end"),
        ),
        Index(
            "ix_memberships_skipped",
            "period_ends_at",
            "id",
            postgresql_where=text("status = 'active' AND collection_resumes_at IS NOT NULL"),
        ),
        Index("ix_memberships_activated_at", "activated_at", postgresql_where=text("activated_at IS NOT NULL")),
        Index(
            "ix_memberships_ended_at",
            "ended_at",
            postgresql_where=text("ended_at IS NOT NULL AND activated_at IS NOT NULL"),
        ),
        Index("ix_memberships_compared", "compared_at", postgresql_where=text("status <> 'ended'")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patients.id"))
    enrollment_id: Mapped[UUID] = mapped_column(ForeignKey("enrollments.id"))
    plan: Mapped[str]
    price_cents: Mapped[int]
    next_plan: Mapped[str | None]
    next_price_cents: Mapped[int | None]
    status: Mapped[str]
    stopped_for: Mapped[str | None]  # Stripe's own word for why: paused by us, or unpaid after every retry
    stripe_customer_id: Mapped[str | None] = mapped_column(unique=True)
    stripe_subscription_id: Mapped[str | None] = mapped_column(unique=True)
    period_starts_at: Mapped[datetime | None]
    period_ends_at: Mapped[datetime | None]
    anchor_at: Mapped[datetime | None]  # Stripe counts months from here: 31 January, 28 February, 31 March
    paid_until: Mapped[datetime | None]
    collection_resumes_at: Mapped[datetime | None]  # skipped, or paused by the patient, until then
    grace_since: Mapped[datetime | None]  # the first failed try of the charge that is being sorted out
    cancels_at_period_end: Mapped[bool] = mapped_column(default=False)
    credit_cents: Mapped[int] = mapped_column(default=0)  # Stripe takes it off the next charge by itself
    discount_percent: Mapped[int | None]  # of the next charge, as Stripe shows it
    discount_cents: Mapped[int | None]
    discount_ends_at: Mapped[datetime | None]
    card_brand: Mapped[str | None]
    card_last4: Mapped[str | None]
    card_expires_on: Mapped[date | None]  # the last day of its month
    created_at: Mapped[datetime]
    activated_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    compared_at: Mapped[datetime | None]


class Intent(Base):
    """What somebody means to happen at Stripe, kept with its idempotency key before the call.

    `lane`: of the calls that would overtake one another only one is open per membership. `details` holds ids, amounts
    and moments only. `outcome` is a code. All moments are business time.
    """

    __tablename__ = "billing_intents"
    __table_args__ = (
        CheckConstraint("status IN ('meant', 'done', 'refused', 'given_up', 'overtaken')", name="status"),
        Index(
            "uq_billing_intents_lane", "membership_id", "lane", unique=True, postgresql_where=text("status = 'meant'")
        ),
        Index("ix_billing_intents_due", "try_at", postgresql_where=text("status = 'meant'")),
        Index("ix_billing_intents_membership_id", "membership_id", "meant_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    membership_id: Mapped[UUID] = mapped_column(ForeignKey("memberships.id"))
    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patients.id"), index=True)
    kind: Mapped[str]
    lane: Mapped[str]
    details: Mapped[dict[str, object]] = mapped_column(JSONB)
    idempotency_key: Mapped[str] = mapped_column(unique=True)
    status: Mapped[str] = mapped_column(default="meant")
    actor_kind: Mapped[str]
    user_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    meant_at: Mapped[datetime]
    tries: Mapped[int] = mapped_column(default=0)
    try_at: Mapped[datetime]
    settled_at: Mapped[datetime | None]
    outcome: Mapped[str | None]


class Cancellation(Base):
    """A membership's end as somebody asked for it: when, by whom, and, if they cared to say, why."""

    __tablename__ = "cancellations"
    __table_args__ = (CheckConstraint("asked_by IN ('patient', 'staff', 'rule')", name="asked_by"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    membership_id: Mapped[UUID] = mapped_column(ForeignKey("memberships.id"), index=True)
    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patients.id"), index=True)
    asked_by: Mapped[str]
    reason: Mapped[str | None]
    comment_sealed: Mapped[bytes | None]
    asked_at: Mapped[datetime]
    undone_at: Mapped[datetime | None]


class Agreement(Base):
    """The patient's express consent to a recurring charge, word for word (15 U.S.C. 8403). Only added.

    `occasion`: start, plan, price, resume, return. `terms` is what stood beside the box, `sha256` its fingerprint.
    """

    __tablename__ = "billing_agreements"
    __table_args__ = (CheckConstraint("amount_cents > 0", name="amount"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patients.id"), index=True)
    membership_id: Mapped[UUID | None] = mapped_column(ForeignKey("memberships.id"), index=True)
    occasion: Mapped[str]
    plan: Mapped[str]
    amount_cents: Mapped[int]
    terms: Mapped[str]
    sha256: Mapped[str]
    language: Mapped[str]
    agreed_at: Mapped[datetime]
    time_zone: Mapped[str]
    address: Mapped[str | None]
    user_agent: Mapped[str | None]
    sign_in_id: Mapped[UUID | None]


class PriceNotice(Base):
    """One member told of one price change, at least 30 days before, and what came of it. Money in cents."""

    __tablename__ = "price_notices"
    __table_args__ = (
        CheckConstraint("outcome IN ('agreed', 'kept', 'ended', 'overtaken')", name="outcome"),
        UniqueConstraint("membership_id", "change_key"),
        Index("ix_price_notices_waiting", "applies_at", postgresql_where=text("outcome IS NULL")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    membership_id: Mapped[UUID] = mapped_column(ForeignKey("memberships.id"))
    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patients.id"), index=True)
    change_key: Mapped[str]
    old_cents: Mapped[int]
    new_cents: Mapped[int]
    applies_at: Mapped[datetime]  # the first charge at the new price
    told_at: Mapped[datetime]
    outcome: Mapped[str | None]
    settled_at: Mapped[datetime | None]


class Checkout(Base):
    """One attempt to pay on Stripe's page: recorded with its idempotency key before the call is made."""

    __tablename__ = "checkouts"
    __table_args__ = (
        CheckConstraint("status IN ('meant', 'open', 'completed', 'expired')", name="status"),
        Index(
            "uq_checkouts_one_open",
            "membership_id",
            "kind",
            unique=True,
            postgresql_where=text("status IN ('meant', 'open')"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    membership_id: Mapped[UUID] = mapped_column(ForeignKey("memberships.id"), index=True)
    idempotency_key: Mapped[str] = mapped_column(unique=True)
    stripe_session_id: Mapped[str | None] = mapped_column(unique=True)
    kind: Mapped[str] = mapped_column(default="membership")  # or "card": a new card for one that runs
    status: Mapped[str]
    promotion: Mapped[str | None]  # the code the patient typed
    meant_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
