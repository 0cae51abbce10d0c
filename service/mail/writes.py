"""Putting a message into the outbox, inside the caller's transaction."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from service.kit import crypto, queue
from service.kit.commands import Command, params
from service.kit.ids import new_id
from service.mail.models import OutboxMessage
from service.mail.rules import Email

_PUT = Command(
    insert(OutboxMessage)
    .values(
        status="queued",
        attempts=0,
        **params(
            *(OutboxMessage.id, OutboxMessage.message_key, OutboxMessage.template, OutboxMessage.user_id),
            *(OutboxMessage.address_sealed, OutboxMessage.facts_sealed, OutboxMessage.locale),
            *(OutboxMessage.wanted_while, OutboxMessage.send_at, OutboxMessage.send_before, OutboxMessage.created_at),
        ),
    )
    .on_conflict_do_nothing(index_elements=[OutboxMessage.message_key])
    .returning(OutboxMessage.id)
)


def put(
    session: Session,
    email: Email,
    *,
    key: str,
    now: datetime,
    user_id: UUID | None = None,
    address: str | None = None,
    locale: str = "en",
    send_at: datetime | None = None,
    send_before: datetime | None = None,
    wanted_while: str | None = None,
) -> UUID | None:
    """Queue `email` once for `key`. Returns the row's id, or None when that key was already queued.

    Give `user_id` for someone with an account, else `address`. `send_at` (default `now`) and `send_before` are
    business time. `wanted_while` ("checkin_open:<id>") is asked again at the moment of sending.
    """
    row_id = new_id()
    found = _PUT.run(
        session,
        id=row_id,
        message_key=key,
        template=email.template,
        user_id=user_id,
        address_sealed=None if address is None else crypto.seal(address, "outbox", "address", row_id),
        facts_sealed=crypto.seal_json(email.facts, "outbox", "facts", row_id),
        locale=locale,
        wanted_while=wanted_while,
        send_at=send_at or now,
        send_before=send_before,
        created_at=now,
    )
    added: UUID | None = None if found is None else found.id
    if added is not None and (send_at is None or send_at <= now):
        queue.enqueue_together(session, "mail.deliver_due")
    return added
