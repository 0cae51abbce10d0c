"""Who asked for a link to a new password: by the address' index alone, known or not. Wall time."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Mapped, mapped_column

from service.kit.db import Base


class ResetRequest(Base):
    """Somebody asked. A worker finds out whether there is such an account, so that the page cannot tell.

    The row goes away once it was looked at.
    """

    __tablename__ = "reset_requests"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    email_index: Mapped[bytes]
    asked_at: Mapped[datetime] = mapped_column(index=True)
