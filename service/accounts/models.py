"""People, the doors they came through, and what lets them in. Names and contacts are sealed."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from service.kit.db import Base

ROLES = ("owner", "clinician", "coordinator", "billing", "auditor")


class User(Base):
    """Someone who can sign in: a patient, or a member of staff with one role.

    Before the address is proved it is only a claim, and several may claim the same one: see docs/decisions.
    """

    __tablename__ = "users"
    __table_args__ = (
        CheckConstraint("kind IN ('patient', 'staff')", name="kind"),
        CheckConstraint("(kind = 'staff') = (role IS NOT NULL)", name="role_for_staff_only"),
        CheckConstraint("role IN ('owner', 'clinician', 'coordinator', 'billing', 'auditor')", name="role"),
        Index(
            "uq_users_confirmed_email_index",
            "email_index",
            unique=True,
            postgresql_where=text("email_confirmed_at IS NOT NULL"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str]
    role: Mapped[str | None]
    email_sealed: Mapped[bytes]
    email_index: Mapped[bytes] = mapped_column(index=True)
    password_hash: Mapped[str]
    totp_sealed: Mapped[bytes | None]
    totp_last_step: Mapped[int | None]  # the last 30 s step used: a code works once
    display_name_sealed: Mapped[bytes | None]
    locale: Mapped[str] = mapped_column(default="en")
    email_confirmed_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    deactivated_at: Mapped[datetime | None]


class SignIn(Base):
    """One signed-in device. The cookie carries a token; this row carries its hash and can be revoked.

    All its moments are wall time.
    """

    __tablename__ = "sign_ins"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    token_hash: Mapped[bytes] = mapped_column(unique=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"), index=True)
    created_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    second_factor_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


class OneTimeLink(Base):
    """A single-use link that was mailed. Opening it changes nothing; the form behind it uses it up. Wall time."""

    __tablename__ = "one_time_links"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"), index=True)
    purpose: Mapped[str]
    token_hash: Mapped[bytes] = mapped_column(unique=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class SignInBackOff(Base):
    """How often an address was tried and when it may be tried again. By the address' index, known or not. Wall time."""

    __tablename__ = "sign_in_back_offs"

    email_index: Mapped[bytes] = mapped_column(primary_key=True)
    failures: Mapped[int]
    wait_until: Mapped[datetime]


class Patient(Base):
    """A person under our care, or on the way there. Exactly one account each."""

    __tablename__ = "patients"
    __table_args__ = (Index("ix_patients_state", "state", postgresql_where=text("closed_at IS NULL")),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"), unique=True)
    given_name_sealed: Mapped[bytes]
    family_name_sealed: Mapped[bytes]
    date_of_birth_sealed: Mapped[bytes]
    state: Mapped[str]
    county_fips: Mapped[str]
    zip_sealed: Mapped[bytes]
    time_zone: Mapped[str]
    created_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
