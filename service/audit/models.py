"""The audit trail. The app role may add and read rows, never change or remove them."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Identity, Index
from sqlalchemy.orm import Mapped, mapped_column

from service.kit.db import Base


class AuditEntry(Base):
    """Who did or saw what, whose it was, when (wall time), why, from where, and how it ended. Never content."""

    __tablename__ = "audit_entries"
    __table_args__ = (
        Index("ix_audit_entries_at_id", "at", "id"),  # the sealer's window and the pages of the trail
        Index("ix_audit_entries_patient_id_at_id", "patient_id", "at", "id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    at: Mapped[datetime]
    actor_kind: Mapped[str]
    actor_id: Mapped[UUID | None]
    action: Mapped[str]
    subject_kind: Mapped[str]
    subject_id: Mapped[UUID | None]
    patient_id: Mapped[UUID | None]
    reason: Mapped[str | None]
    address: Mapped[str | None]
    outcome: Mapped[str]


class AuditLink(Base):
    """One link of the chain: the entry's place in it and the hash over that entry and the link before. Only added.

    Requests never write here, so that they never queue behind one another: one sealer does, in order.
    """

    __tablename__ = "audit_links"
    __table_args__ = (CheckConstraint("octet_length(hash) = 32", name="sha256"),)

    position: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    entry_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("audit_entries.id"), unique=True)
    hash: Mapped[bytes]
    sealed_at: Mapped[datetime]


class AuditCheckpoint(Base):
    """Where the chain begins after old links were removed by law: signed, so that a cut cannot pass for a purge."""

    __tablename__ = "audit_checkpoints"

    position: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)  # the last one removed
    hash: Mapped[bytes]
    removed: Mapped[int] = mapped_column(BigInteger)
    made_at: Mapped[datetime]
    signature: Mapped[bytes]
