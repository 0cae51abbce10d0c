"""What was mailed about an account, opened."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import select

from service.kit import crypto, db
from service.mail.models import OutboxMessage


def mails(template: str | None = None) -> list[tuple[str, UUID | None, str, dict[str, Any]]]:
    """(template, user, address, facts) of every mail queued, the oldest first; the address only where no user is."""
    query = select(OutboxMessage).order_by(OutboxMessage.id)
    if template is not None:
        query = query.where(OutboxMessage.template == template)
    with db.reading() as session:
        return [_opened(row) for row in session.scalars(query)]


def link(template: str) -> str:
    """The path in the newest mail made of `template`."""
    return str(mails(template)[-1][3]["path"])


def _opened(row: OutboxMessage) -> tuple[str, UUID | None, str, dict[str, Any]]:
    address = crypto.unseal(row.address_sealed, "outbox", "address", row.id) if row.address_sealed else ""
    return row.template, row.user_id, address, crypto.unseal_json(row.facts_sealed, "outbox", "facts", row.id)
