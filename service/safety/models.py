"""Alerts that a person must acknowledge, and holds that stop what must stop. Their subject is a patient, before
there is one an assessment, or the system itself."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from service.kit.db import Base

KEY = ("source_kind", "source_id", "code")


class Alert(Base):
    """Something a member of staff must look at in time. Moments are business time.

    `level` counts escalations: 0 the first person, then each next one. One open alert per source and code.
    """

    __tablename__ = "alerts"
    __table_args__ = (
        Index("uq_alerts_open", *KEY, unique=True, postgresql_where=text("acknowledged_at IS NULL")),
        CheckConstraint("patient_id IS NOT NULL OR source_kind IN ('assessment', 'system')", name="has_subject"),
        CheckConstraint("(acknowledged_at IS NULL) = (acknowledged_by IS NULL)", name="acknowledged_by_someone"),
        Index("ix_alerts_escalation", "escalate_at", postgresql_where=text("acknowledged_at IS NULL")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    code: Mapped[str]
    patient_id: Mapped[UUID | None] = mapped_column(ForeignKey("patients.id"), index=True)
    source_kind: Mapped[str]
    source_id: Mapped[UUID] = mapped_column(index=True)
    raised_at: Mapped[datetime]
    acknowledge_by: Mapped[datetime]
    level: Mapped[int] = mapped_column(default=0)
    escalate_at: Mapped[datetime | None]
    acknowledged_at: Mapped[datetime | None]
    acknowledged_by: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))


class SafetyHold(Base):
    """While a hold stands, nothing is charged, shipped or started. Only a person lifts it, with a reason."""

    __tablename__ = "safety_holds"
    __table_args__ = (
        Index("uq_safety_holds_standing", *KEY, unique=True, postgresql_where=text("lifted_at IS NULL")),
        CheckConstraint("patient_id IS NOT NULL OR source_kind = 'assessment'", name="has_subject"),
        CheckConstraint("(lifted_at IS NULL) = (lifted_by IS NULL)", name="lifted_by_someone"),
        Index("ix_safety_holds_standing", "patient_id", postgresql_where=text("lifted_at IS NULL")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    code: Mapped[str]
    patient_id: Mapped[UUID | None] = mapped_column(ForeignKey("patients.id"))
    source_kind: Mapped[str]
    source_id: Mapped[UUID] = mapped_column(index=True)
    placed_at: Mapped[datetime]
    lifted_at: Mapped[datetime | None]
    lifted_by: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    lift_reason_sealed: Mapped[bytes | None]
