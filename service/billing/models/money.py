"""Money as Stripe reports it, what we give back, and the ledger that both must add up to. Amounts in cents."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from service.kit.db import Base


class Invoice(Base):
    """A charge as Stripe reports it. `refunding_cents` is meant and not yet given back."""

    __tablename__ = "invoices"
    __table_args__ = (
        CheckConstraint(
            "refunded_cents >= 0 AND refunding_cents >= 0 AND refunded_cents + refunding_cents <= amount_paid_cents",
            name="refunds",
        ),
        Index("ix_invoices_open", "membership_id", postgresql_where=text("status IN ('draft', 'open')")),
        Index("ix_invoices_issued_at", "issued_at"),
        Index("ix_invoices_paid_at", "paid_at", postgresql_where=text("paid_at IS NOT NULL")),
        Index("ix_invoices_unjudged", "paid_at", postgresql_where=text("paid_at IS NOT NULL AND judged_at IS NULL")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    membership_id: Mapped[UUID] = mapped_column(ForeignKey("memberships.id"), index=True)
    stripe_invoice_id: Mapped[str] = mapped_column(unique=True)
    stripe_payment_id: Mapped[str | None] = mapped_column(index=True)  # the payment intent that paid it
    number: Mapped[str | None]
    occasion: Mapped[str] = mapped_column(default="")  # start, renewal, change, other
    status: Mapped[str]
    subtotal_cents: Mapped[int] = mapped_column(default=0)
    discount_cents: Mapped[int] = mapped_column(default=0)
    credit_used_cents: Mapped[int] = mapped_column(default=0)
    amount_due_cents: Mapped[int]
    amount_paid_cents: Mapped[int]
    refunded_cents: Mapped[int] = mapped_column(default=0)
    refunding_cents: Mapped[int] = mapped_column(default=0)
    attempts: Mapped[int] = mapped_column(default=0)
    next_try_at: Mapped[datetime | None]
    issued_at: Mapped[datetime]
    paid_at: Mapped[datetime | None]
    judged_at: Mapped[datetime | None]  # when we asked whether this payment should have been made at all
    card_brand: Mapped[str | None]
    card_last4: Mapped[str | None]


class InvoiceLine(Base):
    """One line of a charge: a month, unused time given back, remaining time charged. A credit is negative."""

    __tablename__ = "invoice_lines"
    __table_args__ = (CheckConstraint("kind IN ('month', 'unused', 'remaining', 'other')", name="kind"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    invoice_id: Mapped[UUID] = mapped_column(ForeignKey("invoices.id"), index=True)
    stripe_line_id: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[str]
    amount_cents: Mapped[int]
    price_key: Mapped[str | None]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]


class Refund(Base):
    """Money given back on one charge: asked for, approved by a second person where the amount says so, sent, done.

    `source`: staff, or the rule that gave it. `lines` is {line id: cents} when it was chosen by line.
    """

    __tablename__ = "refunds"
    __table_args__ = (
        CheckConstraint("amount_cents > 0", name="amount"),
        CheckConstraint("source IN ('staff', 'rule')", name="source"),
        CheckConstraint("status IN ('asked', 'approved', 'done', 'failed', 'declined')", name="status"),
        CheckConstraint("decided_by IS NULL OR decided_by <> asked_by OR NOT second_person", name="second_person"),
        CheckConstraint(
            "NOT second_person OR decided_by IS NOT NULL OR status IN ('asked', 'failed')", name="decided_first"
        ),
        Index("ix_refunds_failed", "id", postgresql_where=text("status = 'failed'")),
        Index("ix_refunds_open", "asked_at", postgresql_where=text("status IN ('asked', 'approved')")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    invoice_id: Mapped[UUID] = mapped_column(ForeignKey("invoices.id"), index=True)
    membership_id: Mapped[UUID] = mapped_column(ForeignKey("memberships.id"), index=True)
    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patients.id"), index=True)
    amount_cents: Mapped[int]
    lines: Mapped[dict[str, int]] = mapped_column(JSONB, default=dict)
    reason: Mapped[str]
    note_sealed: Mapped[bytes | None]
    source: Mapped[str]
    status: Mapped[str]
    second_person: Mapped[bool] = mapped_column(default=False)
    asked_by: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    asked_at: Mapped[datetime]
    decided_by: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    decided_at: Mapped[datetime | None]
    stripe_refund_id: Mapped[str | None] = mapped_column(unique=True)
    settled_at: Mapped[datetime | None]
    failure: Mapped[str | None]


class Credit(Base):
    """Money off charges to come: a credit on the account, or whole months given ("comp"). `status` as its intent's."""

    __tablename__ = "credits"
    __table_args__ = (
        CheckConstraint("kind IN ('credit', 'comp')", name="kind"),
        CheckConstraint("status IN ('asked', 'approved', 'done', 'failed', 'declined')", name="status"),
        CheckConstraint("(kind = 'credit') = (amount_cents IS NOT NULL)", name="amount"),
        CheckConstraint("(kind = 'comp') = (months IS NOT NULL)", name="months"),
        CheckConstraint("amount_cents > 0 AND months > 0", name="positive"),
        CheckConstraint("decided_by IS NULL OR decided_by <> asked_by OR NOT second_person", name="second_person"),
        CheckConstraint(
            "NOT second_person OR decided_by IS NOT NULL OR status IN ('asked', 'failed')", name="decided_first"
        ),
        Index("ix_credits_open", "asked_at", postgresql_where=text("status IN ('asked', 'approved')")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    membership_id: Mapped[UUID] = mapped_column(ForeignKey("memberships.id"), index=True)
    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patients.id"), index=True)
    kind: Mapped[str]
    amount_cents: Mapped[int | None]
    months: Mapped[int | None]
    reason: Mapped[str]
    note_sealed: Mapped[bytes | None]
    status: Mapped[str]
    second_person: Mapped[bool] = mapped_column(default=False)
    asked_by: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    asked_at: Mapped[datetime]
    decided_by: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    decided_at: Mapped[datetime | None]
    stripe_id: Mapped[str | None]
    settled_at: Mapped[datetime | None]
    failure: Mapped[str | None]


class LedgerEntry(Base):
    """Money that moved: in is positive. Only added; each of Stripe's objects is booked once for each kind."""

    __tablename__ = "ledger_entries"
    __table_args__ = (
        CheckConstraint("kind IN ('payment', 'refund', 'refund_failed', 'dispute', 'dispute_won')", name="kind"),
        CheckConstraint("(kind IN ('payment', 'refund_failed', 'dispute_won')) = (amount_cents > 0)", name="sign"),
        UniqueConstraint("kind", "stripe_id"),
        Index("ix_ledger_entries_at", "moved_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patients.id"), index=True)
    membership_id: Mapped[UUID] = mapped_column(ForeignKey("memberships.id"), index=True)
    invoice_id: Mapped[UUID] = mapped_column(ForeignKey("invoices.id"), index=True)
    kind: Mapped[str]
    amount_cents: Mapped[int]
    stripe_id: Mapped[str]
    moved_at: Mapped[datetime]
    noted_at: Mapped[datetime]


class Dispute(Base):
    """A payment the cardholder's bank takes back, or wants explained. `status` is Stripe's word.

    `due_at`: until when an answer may be given, which is done at Stripe.
    """

    __tablename__ = "disputes"
    __table_args__ = (
        CheckConstraint("amount_cents > 0", name="amount"),
        Index("ix_disputes_open", "membership_id", postgresql_where=text("closed_at IS NULL")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    stripe_dispute_id: Mapped[str] = mapped_column(unique=True)
    invoice_id: Mapped[UUID] = mapped_column(ForeignKey("invoices.id"), index=True)
    membership_id: Mapped[UUID] = mapped_column(ForeignKey("memberships.id"), index=True)
    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patients.id"), index=True)
    amount_cents: Mapped[int]
    reason: Mapped[str]
    status: Mapped[str]
    opened_at: Mapped[datetime]
    due_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]


class MembershipNote(Base):
    """What one of the staff wants the next to know about a membership's money. Only added."""

    __tablename__ = "membership_notes"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    membership_id: Mapped[UUID] = mapped_column(ForeignKey("memberships.id"), index=True)
    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patients.id"), index=True)
    author_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    body_sealed: Mapped[bytes]
    written_at: Mapped[datetime]
