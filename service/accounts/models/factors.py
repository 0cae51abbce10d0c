"""What proves that it is you beside the password: passkeys and recovery codes. (The TOTP secret stands with the user.)

Every moment here is wall time.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from service.kit.db import Base


class Passkey(Base):
    """A WebAuthn credential. Only its public half is here."""

    __tablename__ = "passkeys"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"), index=True)
    credential_id: Mapped[bytes] = mapped_column(unique=True)
    public_key: Mapped[bytes]
    sign_count: Mapped[int] = mapped_column(BigInteger)
    name_sealed: Mapped[bytes]
    created_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    removed_at: Mapped[datetime | None]


class RecoveryCode(Base):
    """One code of a set that was shown once, kept as a keyed digest."""

    __tablename__ = "recovery_codes"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"), index=True)
    code_hash: Mapped[bytes]
    created_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    replaced_at: Mapped[datetime | None]


class SpentChallenge(Base):
    """A challenge that a passkey has answered. It is kept until it would have expired: no answer counts twice."""

    __tablename__ = "spent_challenges"

    challenge_hash: Mapped[bytes] = mapped_column(primary_key=True)
    spent_at: Mapped[datetime] = mapped_column(index=True)
