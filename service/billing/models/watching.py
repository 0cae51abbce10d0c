"""What Stripe tells us, what the gate answered, and where we and Stripe disagreed."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, TEXT
from sqlalchemy.orm import Mapped, mapped_column

from service.kit.db import Base


class StripeEvent(Base):
    """The webhook inbox. The unique event id is the replay guard; the raw body is sealed. Wall time.

    Parked: only a person can go on with it. Parked and handled: a person looked and let it be.
    """

    __tablename__ = "stripe_events"
    __table_args__ = (
        Index(
            "ix_stripe_events_parked",
            "parked_at",
            postgresql_where=text("parked_at IS NOT NULL AND handled_at IS NULL"),
        ),
        Index("ix_stripe_events_waiting", "try_at", postgresql_where=text("handled_at IS NULL AND parked_at IS NULL")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    stripe_event_id: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[str]
    object_id: Mapped[str]
    subject_id: Mapped[str | None]  # the subscription or page it is about, which never changes: what to lock
    body_sealed: Mapped[bytes]
    received_at: Mapped[datetime]
    try_at: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(default=0)
    handled_at: Mapped[datetime | None]
    parked_at: Mapped[datetime | None]
    parked_for: Mapped[str | None]  # a code: why only a person can go on with it
    last_error: Mapped[str | None]
    called_at: Mapped[datetime | None]  # somebody was called because it waits or is parked
    touched_as: Mapped[str | None]  # what staff last did with it: replayed, dismissed
    touched_for: Mapped[str | None]
    touched_at: Mapped[datetime | None]
    touched_by: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))


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


class Comparison(Base):
    """One run of comparing what we believe with what Stripe says. `cursor` is where the next slice begins."""

    __tablename__ = "comparisons"
    __table_args__ = (CheckConstraint("kind IN ('hourly', 'nightly')", name="kind"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str]
    day: Mapped[date | None] = mapped_column(unique=True)  # of a nightly one, so that there is one a day
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    cursor: Mapped[str | None]
    seen: Mapped[int] = mapped_column(default=0)
    differing: Mapped[int] = mapped_column(default=0)
    repaired: Mapped[int] = mapped_column(default=0)
    failed: Mapped[int] = mapped_column(default=0)


class MoneyMonth(Base):
    """The figures of one calendar month at the clinic (`month` is its first day), counted once and kept: a report of a
    million memberships must not count them each time somebody looks. Cents and counts; wall time.
    """

    __tablename__ = "money_months"

    month: Mapped[date] = mapped_column(primary_key=True)
    figures: Mapped[dict[str, object]] = mapped_column(JSONB)
    counted_at: Mapped[datetime]


class Drift(Base):
    """One disagreement with Stripe: which object, which field, our word and theirs, and how it was settled.

    Values are codes, ids, amounts and moments. One open row per object and field.
    """

    __tablename__ = "drifts"
    __table_args__ = (
        Index("uq_drifts_open", "object_id", "field", unique=True, postgresql_where=text("settled_at IS NULL")),
        Index("ix_drifts_found_at", "found_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    comparison_id: Mapped[UUID | None] = mapped_column(ForeignKey("comparisons.id"))
    membership_id: Mapped[UUID | None] = mapped_column(ForeignKey("memberships.id"), index=True)
    object_id: Mapped[str]
    field: Mapped[str]
    ours: Mapped[str | None]
    theirs: Mapped[str | None]
    found_at: Mapped[datetime]
    settled_at: Mapped[datetime | None]
    settled_by: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    how: Mapped[str | None]  # by_itself, repaired, dismissed
    reason: Mapped[str | None]  # why it was dismissed, a code
