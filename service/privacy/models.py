"""Copies that patients asked for, legal holds, and what the retention job did."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from service.kit.db import Base


class DataExport(Base):
    """A copy of a patient's data, asked for, made by a job, kept for a short while. Wall time."""

    __tablename__ = "data_exports"
    __table_args__ = (
        CheckConstraint("status IN ('asked', 'ready', 'failed', 'expired')", name="status"),
        CheckConstraint(
            "(status = 'ready') = (json_sealed IS NOT NULL AND pdf_sealed IS NOT NULL)", name="files_when_ready"
        ),
        # Pressing twice is one export.
        Index("uq_data_exports_asked", "patient_id", unique=True, postgresql_where=text("status = 'asked'")),
        Index("ix_data_exports_patient_id", "patient_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patients.id"))
    status: Mapped[str]
    attempts: Mapped[int] = mapped_column(default=0)
    asked_at: Mapped[datetime]
    claimed_until: Mapped[datetime | None]
    ready_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]
    json_sealed: Mapped[bytes | None]
    pdf_sealed: Mapped[bytes | None]


class LegalHold(Base):
    """While it stands, nothing of this patient is removed, whatever the schedule says. Business time."""

    __tablename__ = "legal_holds"
    __table_args__ = (
        CheckConstraint("(lifted_at IS NULL) = (lifted_by IS NULL)", name="lifted_by_someone"),
        Index("uq_legal_holds_standing", "patient_id", unique=True, postgresql_where=text("lifted_at IS NULL")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patients.id"))
    reason_sealed: Mapped[bytes]
    placed_by: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    placed_at: Mapped[datetime]
    lifted_by: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    lifted_at: Mapped[datetime | None]
    lift_reason_sealed: Mapped[bytes | None]


class RetentionRun(Base):
    """One run of the retention job: how many rows of what went. Never which. Only added."""

    __tablename__ = "retention_runs"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    ran_at: Mapped[datetime]
    counts: Mapped[dict[str, Any]] = mapped_column(JSONB)
