"""People: who can sign in, and the patient behind an account. Names and contacts are sealed."""

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
        Index("ix_users_role", "role", postgresql_where=text("role IS NOT NULL")),  # the few staff among all patients
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str]
    role: Mapped[str | None]
    email_sealed: Mapped[bytes]
    email_index: Mapped[bytes] = mapped_column(index=True)
    password_hash: Mapped[str]
    password_changed_at: Mapped[datetime | None]
    totp_sealed: Mapped[bytes | None]
    totp_pending_sealed: Mapped[bytes | None]  # shown as a QR code, and not in force before a code from it came back
    totp_pending_for: Mapped[UUID | None]  # the sign-in it was shown in: nobody else is shown it, or may finish it
    totp_pending_at: Mapped[datetime | None]  # wall time
    set_up_until: Mapped[datetime | None]  # wall time: an invitation lets staff add their first second step until then
    totp_last_step: Mapped[int | None]  # the last 30 s step used: a code works once
    second_step_declined_at: Mapped[datetime | None]  # asked once at sign-up; "not now" is an answer
    display_name_sealed: Mapped[bytes | None]
    locale: Mapped[str] = mapped_column(default="en")
    time_zone: Mapped[str | None]  # staff; a patient's is the patient's
    email_confirmed_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    deactivated_at: Mapped[datetime | None]


class Patient(Base):
    """A person under our care, or on the way there. Exactly one account each."""

    __tablename__ = "patients"
    __table_args__ = (Index("ix_patients_state", "state", postgresql_where=text("closed_at IS NULL")),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"), unique=True)
    given_name_sealed: Mapped[bytes]
    family_name_sealed: Mapped[bytes]
    preferred_name_sealed: Mapped[bytes | None]
    pronouns_sealed: Mapped[bytes | None]
    date_of_birth_sealed: Mapped[bytes]
    phone_sealed: Mapped[bytes | None]  # E.164
    address_sealed: Mapped[bytes | None]  # JSON: line1, line2, city; state and ZIP stand beside it
    emergency_contact_sealed: Mapped[bytes | None]  # JSON: name, relation, phone
    demographics_sealed: Mapped[bytes | None]  # JSON of what they told, if anything: sex, race, ethnicity
    state: Mapped[str]
    county_fips: Mapped[str]
    zip_sealed: Mapped[bytes]
    time_zone: Mapped[str]
    care_language: Mapped[str] = mapped_column(default="en")  # what we speak with them, as a BCP 47 tag
    created_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    contacts_removed_at: Mapped[datetime | None]  # some time after the closing
    last_seen_at: Mapped[datetime | None]  # of sign-ins that were removed: proof of use outlives them
    removal_told_at: Mapped[datetime | None]  # when we wrote that an account nobody uses will be removed
