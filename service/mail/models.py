"""The outbox. A message is a row before it is a mail, and ends as sent, skipped, expired or failed."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from service.kit.db import Base


class OutboxMessage(Base):
    """One message to one person. `message_key` makes it one: the same key never makes a second row.

    `send_at` and `send_before` are business time, the lease is wall time. The row holds facts, not text: it is
    rendered when it is sent, in the recipient's language, to the address they have then.
    """

    __tablename__ = "outbox"
    __table_args__ = (
        CheckConstraint("status IN ('queued', 'sent', 'skipped', 'expired', 'failed')", name="status"),
        CheckConstraint("(user_id IS NULL) <> (address_sealed IS NULL)", name="one_recipient"),
        Index("ix_outbox_due", "send_at", postgresql_where=text("status = 'queued'")),
        Index("ix_outbox_full", "ended_at", postgresql_where=text("emptied_at IS NULL")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    message_key: Mapped[str] = mapped_column(unique=True)
    template: Mapped[str]
    user_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"), index=True)
    address_sealed: Mapped[bytes | None]
    facts_sealed: Mapped[bytes]
    locale: Mapped[str]
    wanted_while: Mapped[str | None]  # "checkin_open:<id>": asked again at the moment of sending
    status: Mapped[str]
    send_at: Mapped[datetime]
    send_before: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(default=0)
    lease_until: Mapped[datetime | None]
    created_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    emptied_at: Mapped[datetime | None]  # facts and address were removed: only that it was sent is left
    last_error: Mapped[str | None]
