"""The audit trail. The app role may add and read rows, never change or remove them."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, Identity
from sqlalchemy.orm import Mapped, mapped_column

from service.kit.db import Base


class AuditEntry(Base):
    """Who did or saw what, whose it was, when (wall time), why, from where, and how it ended. Never content."""

    __tablename__ = "audit_entries"

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    at: Mapped[datetime]
    actor_kind: Mapped[str]
    actor_id: Mapped[UUID | None]
    action: Mapped[str]
    subject_kind: Mapped[str]
    subject_id: Mapped[UUID | None]
    patient_id: Mapped[UUID | None] = mapped_column(index=True)
    reason: Mapped[str | None]
    address: Mapped[str | None]
    outcome: Mapped[str]
