"""The reminder ledger: one row for each nudge that was ever due, so that none is sent twice and none goes missing."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from service.kit.db import Base


class Reminder(Base):
    """One nudge: whose, for which cycle, which step, over which channel. Unique in all four. Business time.

    `send_at` already respects quiet hours; after `send_before` it is not worth sending any more.
    """

    __tablename__ = "reminders"
    __table_args__ = (
        UniqueConstraint("patient_id", "cycle", "step", "channel"),
        CheckConstraint("num_nonnulls(checkin_id, appointment_id) = 1", name="about_one_thing"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patients.id"))
    checkin_id: Mapped[UUID | None] = mapped_column(ForeignKey("checkins.id"), index=True)
    appointment_id: Mapped[UUID | None] = mapped_column(ForeignKey("appointments.id"), index=True)
    cycle: Mapped[str]
    step: Mapped[str]
    channel: Mapped[str]
    due_at: Mapped[datetime]
    send_at: Mapped[datetime]
    send_before: Mapped[datetime]
    outbox_id: Mapped[UUID] = mapped_column(ForeignKey("outbox.id"))
