"""Sign-ins, the devices they happened on, links and codes that were mailed, tries, and forms kept from being lost.

Every moment here is wall time.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from service.kit.db import Base


class SignIn(Base):
    """One signed-in device. The cookie carries a token; this row carries its hash and can be revoked."""

    __tablename__ = "sign_ins"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    token_hash: Mapped[bytes] = mapped_column(unique=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"), index=True)
    device_id: Mapped[UUID | None] = mapped_column(ForeignKey("known_devices.id"))
    agent_sealed: Mapped[bytes | None]  # what the browser calls itself, for the list of devices
    address_sealed: Mapped[bytes | None]  # where the sign-in came from
    created_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    second_factor_at: Mapped[datetime | None]
    may_set_up_at: Mapped[datetime | None]  # staff without a second step showed here the code that was handed over
    proved_at: Mapped[datetime | None]  # the last time the person proved again that it is them
    revoked_at: Mapped[datetime | None]


class KnownDevice(Base):
    """A browser in which somebody came all the way in. Its cookie is no sign-in: it spares a patient the second step.

    It is a row for each person: a browser that two people share knows each of them by a token of their own.
    """

    __tablename__ = "known_devices"
    __table_args__ = (UniqueConstraint("user_id", "token_hash"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    token_hash: Mapped[bytes]
    first_seen_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    spares_step: Mapped[bool]  # its owner said that it is theirs alone, or proved their address in it
    forgotten_at: Mapped[datetime | None]


class OneTimeLink(Base):
    """A single-use link that was mailed. Opening it changes nothing; the form behind it uses it up."""

    __tablename__ = "one_time_links"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"), index=True)
    purpose: Mapped[str]  # confirm_email, reset_password, change_email, stop_change_email, set_up_factor (handed over)
    token_hash: Mapped[bytes] = mapped_column(unique=True)
    detail_sealed: Mapped[bytes | None]  # JSON: for change_email the new address
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class OneTimeCode(Base):
    """A single-use code that was mailed, kept as a keyed digest."""

    __tablename__ = "one_time_codes"
    __table_args__ = (Index("ix_one_time_codes_open", "user_id", postgresql_where=text("used_at IS NULL")),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    sign_in_id: Mapped[UUID] = mapped_column(ForeignKey("sign_ins.id"))  # works for the one who asked
    purpose: Mapped[str]  # sign_in: the second step; prove: to prove once more, mailed only after the password
    code_hash: Mapped[bytes]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class SignInBackOff(Base):
    """How often an address was tried and when it may be tried again. By the address' index, known or not."""

    __tablename__ = "sign_in_back_offs"

    email_index: Mapped[bytes] = mapped_column(primary_key=True)
    failures: Mapped[int]
    wait_until: Mapped[datetime]


class Invitation(Base):
    """A place on the staff, waiting for one person. The link behind it makes the account."""

    __tablename__ = "invitations"
    __table_args__ = (
        CheckConstraint("role IN ('owner', 'clinician', 'coordinator', 'billing', 'auditor')", name="role"),
        Index(
            "uq_invitations_open",
            "email_index",
            unique=True,
            postgresql_where=text("accepted_at IS NULL AND withdrawn_at IS NULL"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    email_sealed: Mapped[bytes]
    email_index: Mapped[bytes]
    name_sealed: Mapped[bytes]
    role: Mapped[str]
    token_hash: Mapped[bytes] = mapped_column(unique=True)
    invited_by: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))  # nobody: the command line
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    accepted_at: Mapped[datetime | None]
    withdrawn_at: Mapped[datetime | None]


class KeptForm(Base):
    """What somebody was sending when their sign-in had ended, so that nothing typed is lost. For them alone."""

    __tablename__ = "kept_forms"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"), index=True)
    path: Mapped[str]
    fields_sealed: Mapped[bytes]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
