"""Check-ins: when each opened, by when it matters, and what was answered. Answers and scores are sealed together."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from service.kit.db import Base


class CheckIn(Base):
    """One set of questions for one patient. `key` holds the instrument and the patient's local day: it is due once.

    While it is open, `answers_sealed` holds the answers so far, and `remind_at` the moment of its next nudge.
    """

    __tablename__ = "checkins"
    __table_args__ = (
        UniqueConstraint("patient_id", "key"),
        CheckConstraint("status IN ('open', 'submitted', 'missed')", name="status"),
        Index("ix_checkins_open", "closes_at", postgresql_where=text("status = 'open'")),
        Index(
            "ix_checkins_remind_at",
            "remind_at",
            postgresql_where=text("status = 'open' AND remind_at IS NOT NULL"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patients.id"), index=True)
    membership_id: Mapped[UUID] = mapped_column(ForeignKey("memberships.id"))
    key: Mapped[str]
    instrument: Mapped[str]
    instrument_version: Mapped[str]
    due_at: Mapped[datetime]
    closes_at: Mapped[datetime]
    remind_at: Mapped[datetime | None]
    status: Mapped[str]
    submitted_at: Mapped[datetime | None]
    answers_sealed: Mapped[bytes | None]
    score_sealed: Mapped[bytes | None]


class CheckInTurn(Base):
    """When a membership's next check-in is due, so that nobody has to work it out for every one on every tick.

    `look_at` comes at the latest a day after the last look: a patient who moved to another time zone, or a cadence
    that was changed, is noticed by then. It is empty once the membership has ended.
    """

    __tablename__ = "checkin_turns"

    membership_id: Mapped[UUID] = mapped_column(ForeignKey("memberships.id"), primary_key=True)
    due_at: Mapped[datetime | None]
    look_at: Mapped[datetime | None] = mapped_column(index=True)
