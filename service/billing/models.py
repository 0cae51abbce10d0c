"""Memberships as we know them, the calls we meant to make, the messages Stripe sent, and the gate's recorded answers.

No column says what a membership treats. Cards are a brand, four digits and a date, never a number.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ARRAY, TEXT
from sqlalchemy.orm import Mapped, mapped_column

from service.kit.db import Base


class Membership(Base):
    """A recurring charge contract. One live one per patient, by the database's own word."""

    __tablename__ = "memberships"
    __table_args__ = (
        CheckConstraint("status IN ('awaiting_payment', 'active', 'grace', 'stopped', 'ended')", name="status"),
        CheckConstraint("price_cents > 0", name="price"),
        CheckConstraint("wish IN ('cancel', 'undo_cancel', 'resume')", name="wish"),
        Index("uq_memberships_one_live", "patient_id", unique=True, postgresql_where=text("status <> 'ended'")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patients.id"))
    enrollment_id: Mapped[UUID] = mapped_column(ForeignKey("enrollments.id"))
    plan: Mapped[str]
    price_cents: Mapped[int]
    status: Mapped[str]
    stripe_customer_id: Mapped[str | None] = mapped_column(unique=True)
    stripe_subscription_id: Mapped[str | None] = mapped_column(unique=True)
    period_starts_at: Mapped[datetime | None]
    period_ends_at: Mapped[datetime | None]
    cancels_at_period_end: Mapped[bool] = mapped_column(default=False)
    card_brand: Mapped[str | None]
    card_last4: Mapped[str | None]
    created_at: Mapped[datetime]
    activated_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    # What somebody asked of Stripe and Stripe does not show yet; the id makes the idempotency key of every try.
    wish: Mapped[str | None]
    wish_id: Mapped[UUID | None]
    wished_at: Mapped[datetime | None]
    compared_at: Mapped[datetime | None]


class Checkout(Base):
    """One attempt to pay on Stripe's page: recorded with its idempotency key before the call is made."""

    __tablename__ = "checkouts"
    __table_args__ = (
        CheckConstraint("status IN ('meant', 'open', 'completed', 'expired')", name="status"),
        Index(
            "uq_checkouts_one_open", "membership_id", unique=True, postgresql_where=text("status IN ('meant', 'open')")
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    membership_id: Mapped[UUID] = mapped_column(ForeignKey("memberships.id"), index=True)
    idempotency_key: Mapped[str] = mapped_column(unique=True)
    stripe_session_id: Mapped[str | None] = mapped_column(unique=True)
    status: Mapped[str]
    meant_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]


class Invoice(Base):
    """A month's charge as Stripe reports it. Amounts in cents."""

    __tablename__ = "invoices"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    membership_id: Mapped[UUID] = mapped_column(ForeignKey("memberships.id"), index=True)
    stripe_invoice_id: Mapped[str] = mapped_column(unique=True)
    status: Mapped[str]
    amount_due_cents: Mapped[int]
    amount_paid_cents: Mapped[int]
    issued_at: Mapped[datetime]
    paid_at: Mapped[datetime | None]


class StripeEvent(Base):
    """The webhook inbox. The unique event id is the replay guard; the raw body is sealed. Wall time."""

    __tablename__ = "stripe_events"
    __table_args__ = (
        Index("ix_stripe_events_waiting", "try_at", postgresql_where=text("handled_at IS NULL AND parked_at IS NULL")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    stripe_event_id: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[str]
    object_id: Mapped[str]
    body_sealed: Mapped[bytes]
    received_at: Mapped[datetime]
    try_at: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(default=0)
    handled_at: Mapped[datetime | None]
    parked_at: Mapped[datetime | None]
    last_error: Mapped[str | None]


class GateRecord(Base):
    """What the one gate answered, for which action and period, and every reason for a no. Only added."""

    __tablename__ = "gate_records"
    __table_args__ = (UniqueConstraint("patient_id", "action", "period", "asked_at"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patients.id"), index=True)
    action: Mapped[str]
    period: Mapped[str]
    asked_at: Mapped[datetime]
    yes: Mapped[bool]
    reasons: Mapped[list[str]] = mapped_column(ARRAY(TEXT))
