"""Delivering the outbox.

A row is claimed under a lease, sent, and marked. A worker that dies in between leaves a row whose lease runs out, and
another sends it: at least once, always under the same Message-ID (docs/decisions/0003-mail-at-least-once.md).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

import structlog
from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from service.kit import crypto, db
from service.kit.errors import TryAgain
from service.mail.gateway import Letter, Refused
from service.mail.models import OutboxMessage
from service.mail.rules import LEASE, Rendered, retry_after

log = structlog.get_logger(__name__)

# Both look below or above this domain, so they come as arguments.
Recipient = Callable[[Session, UUID], tuple[str, str, str] | None]
StillWanted = Callable[[Session, str, UUID], bool]
Render = Callable[..., Rendered]


class Transport(Protocol):
    """Whatever takes letters."""

    def send(self, letter: Letter) -> None: ...


@dataclass(frozen=True, slots=True)
class _Claimed:
    id: UUID
    template: str
    facts: dict[str, Any]
    to: str
    given_name: str
    locale: str


def deliver_due(
    *,
    now: Callable[[], datetime],
    wall_now: Callable[[], datetime],
    transport: Transport,
    render: Render,
    recipient: Recipient,
    still_wanted: StillWanted,
    limit: int = 200,
) -> int:
    """Send what is due, oldest first. Returns how many left. One bad row never stops the rest."""
    sent = 0
    for _ in range(limit):
        claimed = _claim(now(), wall_now(), recipient, still_wanted)
        if claimed is None:
            return sent
        if isinstance(claimed, _Claimed) and _send(claimed, now, wall_now, transport, render):
            sent += 1
    return sent


def _claim(
    now: datetime, wall_now: datetime, recipient: Recipient, still_wanted: StillWanted
) -> _Claimed | UUID | None:
    """Take the next due row under a lease. The row's id when it ended without being sent; None when none is due."""
    with db.transaction() as session:
        row = session.scalars(
            select(OutboxMessage)
            .where(
                OutboxMessage.status == "queued",
                OutboxMessage.send_at <= now,
                or_(OutboxMessage.lease_until.is_(None), OutboxMessage.lease_until <= wall_now),
            )
            .order_by(OutboxMessage.send_at, OutboxMessage.id)
            .limit(1)
            .with_for_update(skip_locked=True)
        ).one_or_none()
        if row is None:
            return None
        if row.send_before is not None and row.send_before <= now:
            return _end(row, "expired", now)
        if row.wanted_while is not None:
            kind, _, subject = row.wanted_while.partition(":")
            if not still_wanted(session, kind, UUID(subject)):
                return _end(row, "skipped", now)
        if row.user_id is not None:
            person = recipient(session, row.user_id)
            if person is None:  # the account was closed
                return _end(row, "skipped", now)
            to, given_name, locale = person
        else:
            sealed = row.address_sealed or b""
            to, given_name, locale = crypto.unseal(sealed, "outbox", "address", row.id), "", row.locale
        row.attempts += 1
        row.lease_until = wall_now + LEASE
        facts = crypto.unseal_json(row.facts_sealed, "outbox", "facts", row.id)
        return _Claimed(row.id, row.template, facts, to, given_name, locale)


def _end(row: OutboxMessage, status: str, now: datetime) -> UUID:
    row.status, row.ended_at, row.lease_until = status, now, None
    return row.id


def _send(
    claimed: _Claimed,
    now: Callable[[], datetime],
    wall_now: Callable[[], datetime],
    transport: Transport,
    render: Render,
) -> bool:
    error: str | None = None
    never = False
    try:
        rendered = render(claimed.template, claimed.facts, given_name=claimed.given_name, locale=claimed.locale)
        transport.send(Letter(claimed.id, claimed.to, rendered, now()))
    except TryAgain as reason:
        error = str(reason)
    except Refused as reason:
        error, never = str(reason), True
    except Exception as reason:
        # A broken template or fact: the row waits for a fix and ends visibly, the others go on.
        error = f"cannot be written: {type(reason).__name__}"
        log.exception("a mail could not be written", outbox=str(claimed.id), template=claimed.template)
    with db.transaction() as session:
        row = session.get_one(OutboxMessage, claimed.id, with_for_update=True)
        if error is None:
            _end(row, "sent", now())
            row.last_error = None
            return True
        row.last_error = error
        wait = None if never else retry_after(row.attempts)
        if wait is None:
            _end(row, "failed", now())
            log.error("a mail could not be delivered", outbox=str(row.id), template=row.template, error=error)
        else:
            row.lease_until = wall_now() + wait
        return False
