"""Texts as they were shown, and who agreed to them. Rows are only added: the app role cannot change or remove them."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint
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
    __table_args__ = (
        UniqueConstraint("patient_id", "consent_key", "document_sha256", "round", name="uq_consent_acceptances_once"),
    )

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
    sign_in_id: Mapped[UUID | None]  # nobody is signed in yet when they agree to mail while joining
    auth_level: Mapped[str] = mapped_column(default="")  # joining, password, second_step
    opened_at: Mapped[datetime | None]  # when the page with that text was opened
    signer: Mapped[str] = mapped_column(default="self")  # in which relation to the patient: adults sign for themselves
    declined: Mapped[bool] = mapped_column(default=False)  # it was offered and not signed, which is kept too
    details_sealed: Mapped[bytes | None]  # JSON of what the patient filled in below the text: whom, what, until when
    ends_on: Mapped[date | None]  # the last day on which it counts
    round: Mapped[int] = mapped_column(default=0)  # how often it had been given and was over: it may be given again


class ConsentWithdrawal(Base):
    """A signature taken back. It stays what it was, and counts no longer from here on. Business time."""

    __tablename__ = "consent_withdrawals"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patients.id"), index=True)
    consent_key: Mapped[str]
    acceptance_id: Mapped[UUID] = mapped_column(ForeignKey("consent_acceptances.id"), unique=True)
    why_sealed: Mapped[bytes | None]
    withdrawn_at: Mapped[datetime]
    address: Mapped[str | None]
    user_agent: Mapped[str | None]
    sign_in_id: Mapped[UUID]


class GoodFaithEstimate(Base):
    """What care is expected to cost, as it was given to a patient who pays for it themselves (45 CFR 149.610).

    `occasion`: at a booking, at the approval, or asked for. Money in cents. `body_sealed` is the text, word for word.
    """

    __tablename__ = "good_faith_estimates"
    __table_args__ = (
        CheckConstraint("occasion IN ('booking', 'approval', 'asked')", name="occasion"),
        CheckConstraint("total_cents >= 0", name="total"),
        UniqueConstraint("patient_id", "occasion", "about_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patients.id"))
    occasion: Mapped[str]
    about_id: Mapped[UUID]  # the appointment, the enrollment, or the request itself
    first_on: Mapped[date]
    last_on: Mapped[date]
    total_cents: Mapped[int]
    body_sealed: Mapped[bytes]
    sha256: Mapped[str]
    issued_at: Mapped[datetime]
