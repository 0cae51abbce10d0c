"""Texts as they were shown, and who agreed to them. Rows are only added: the app role cannot change or remove them."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from service.kit.db import Base


class ConsentText(Base):
    """A rendered document by the SHA-256 of its canonical text (UTF-8, NFC, LF)."""

    __tablename__ = "consent_texts"

    sha256: Mapped[str] = mapped_column(primary_key=True)
    consent_key: Mapped[str]
    version: Mapped[int]
    state: Mapped[str]
    language: Mapped[str]
    body: Mapped[str]
    first_shown_at: Mapped[datetime]


class ConsentAcceptance(Base):
    """One signature: which text, which statement, the typed name, when (business time), where and by which sign-in."""

    __tablename__ = "consent_acceptances"
    __table_args__ = (UniqueConstraint("patient_id", "consent_key", "document_sha256"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patients.id"), index=True)
    consent_key: Mapped[str]
    version: Mapped[int]
    language: Mapped[str]
    document_sha256: Mapped[str] = mapped_column(ForeignKey("consent_texts.sha256"))
    statement: Mapped[str]
    typed_name_sealed: Mapped[bytes]
    accepted_at: Mapped[datetime]
    time_zone: Mapped[str]
    address: Mapped[str | None]
    user_agent: Mapped[str | None]
    sign_in_id: Mapped[UUID]
