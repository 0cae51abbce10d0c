"""Who asked for a letter: by the address' index alone, known or not. Wall time.

A worker finds out what there is to write, and to whom, so that no page can tell. A row goes away once it was looked at.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Mapped, mapped_column

from service.kit.db import Base


class ResetRequest(Base):
    """Somebody wants a new password."""

    __tablename__ = "reset_requests"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    email_index: Mapped[bytes]
    asked_at: Mapped[datetime] = mapped_column(index=True)


class ConfirmationRequest(Base):
    """Somebody joined, or asked for the link again that confirms an address."""

    __tablename__ = "confirmation_requests"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    email_index: Mapped[bytes]
    asked_at: Mapped[datetime] = mapped_column(index=True)
