"""Check-ins: when each opened, by when it matters, and what was answered. Answers and scores are sealed together."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from service.kit.db import Base


class CheckIn(Base):
    """One set of questions for one patient. `key` holds the instrument and the patient's local day: it is due once."""

    __tablename__ = "checkins"
    __table_args__ = (
        UniqueConstraint("patient_id", "key"),
        CheckConstraint("status IN ('open', 'submitted', 'missed')", name="status"),
        Index("ix_checkins_open", "closes_at", postgresql_where=text("status = 'open'")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patients.id"), index=True)
    membership_id: Mapped[UUID] = mapped_column(ForeignKey("memberships.id"))
    key: Mapped[str]
    instrument: Mapped[str]
    instrument_version: Mapped[str]
    due_at: Mapped[datetime]
    closes_at: Mapped[datetime]
    status: Mapped[str]
    submitted_at: Mapped[datetime | None]
    answers_sealed: Mapped[bytes | None]
    score_sealed: Mapped[bytes | None]
