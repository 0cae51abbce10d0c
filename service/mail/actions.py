"""Delivering the outbox.

A row is claimed under a lease, sent, and marked. A worker that dies in between leaves a row whose lease runs out, and
another sends it: at least once, always under the same Message-ID (docs/decisions/0003-mail-at-least-once.md).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

import structlog
from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from service.kit import crypto, db
from service.kit.errors import TryAgain
from service.mail.gateway import Letter, Refused, Unreachable
from service.mail.models import OutboxMessage
from service.mail.rules import BUDGET, FIRST, LEASE, UNREACHABLE_PAUSE, UNSUBSCRIBE, Rendered, retry_after

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
    """A row under our lease, as it stood. Nothing in it is opened yet: a row that cannot be read must end visibly."""

    id: UUID
    template: str
    user_id: UUID | None
    address_sealed: bytes | None
    facts_sealed: bytes
    locale: str
    wanted_while: str | None
    send_before: datetime | None


class _Over(Exception):
    """This message ends without being sent: "skipped" or "expired"."""


def deliver_due(
    *,
    now: Callable[[], datetime],
    wall_now: Callable[[], datetime],
    transport: Transport,
    render: Render,
    recipient: Recipient,
    still_wanted: StillWanted,
    limit: int = 200,
    lease: timedelta = LEASE,
    budget: timedelta = BUDGET,
) -> int:
    """Send what is due, what concerns safety first, then the oldest. Returns how many left.

    One bad row never stops the rest. A server that cannot be reached ends the run at once, and `budget` ends it before
    the worker's own time limit would cut a mail in two: the next tick goes on.
    """
    sent, began = 0, wall_now()
    for _ in range(limit):
        claimed = _claim(now(), wall_now(), lease)
        if claimed is None:
            return sent
        try:
            letter = _letter(claimed, now(), render, recipient, still_wanted)
            transport.send(letter)
        except _Over as over:
            _end(claimed.id, str(over), now())
        except Unreachable as reason:
            _put_back(claimed.id, str(reason), now(), wall_now(), counts=False)
            return sent
        except TryAgain as reason:
            _put_back(claimed.id, str(reason), now(), wall_now())
        except Refused as reason:
            _end(claimed.id, "failed", now(), str(reason))
        except Exception as reason:
            # A row that cannot be opened, or a broken template: it waits for a fix and ends visibly.
            log.exception("a mail could not be written", outbox=str(claimed.id), template=claimed.template)
            _put_back(claimed.id, f"cannot be written: {type(reason).__name__}", now(), wall_now())
        else:
            _end(claimed.id, "sent", now())
            sent += 1
        if wall_now() - began > budget:
            return sent
    return sent


def _claim(now: datetime, wall_now: datetime, lease: timedelta) -> _Claimed | None:
    """Take the next due row under a lease, and count the attempt: whatever happens next, it is not first again."""
    with db.transaction() as session:
        row = session.scalars(
            select(OutboxMessage)
            .where(
                OutboxMessage.status == "queued",
                OutboxMessage.send_at <= now,
                or_(OutboxMessage.lease_until.is_(None), OutboxMessage.lease_until <= wall_now),
            )
            .order_by(OutboxMessage.template.in_(FIRST).desc(), OutboxMessage.send_at, OutboxMessage.id)
            .limit(1)
            .with_for_update(skip_locked=True)
        ).one_or_none()
        if row is None:
            return None
        row.attempts += 1
        row.lease_until = wall_now + lease
        return _Claimed(
            id=row.id,
            template=row.template,
            user_id=row.user_id,
            address_sealed=row.address_sealed,
            facts_sealed=row.facts_sealed,
            locale=row.locale,
            wanted_while=row.wanted_while,
            send_before=row.send_before,
        )


def _letter(
    claimed: _Claimed, now: datetime, render: Render, recipient: Recipient, still_wanted: StillWanted
) -> Letter:
    """Look once more whether it is wanted, by whom and where, and write it. Raises _Over when it is not."""
    if claimed.send_before is not None and claimed.send_before <= now:
        raise _Over("expired")
    to, given_name, locale = _addressee(claimed, recipient, still_wanted)
    facts = crypto.unseal_json(claimed.facts_sealed, "outbox", "facts", claimed.id)
    rendered = render(claimed.template, facts, given_name=given_name, locale=locale)
    return Letter(claimed.id, to, rendered, now, unsubscribe_path=facts.get(UNSUBSCRIBE))


def _addressee(claimed: _Claimed, recipient: Recipient, still_wanted: StillWanted) -> tuple[str, str, str]:
    with db.reading() as session:
        if claimed.wanted_while is not None:
            kind, _, subject = claimed.wanted_while.partition(":")
            if not still_wanted(session, kind, UUID(subject)):
                raise _Over("skipped")
        if claimed.user_id is None:
            sealed = claimed.address_sealed or b""
            return crypto.unseal(sealed, "outbox", "address", claimed.id), "", claimed.locale
        person = recipient(session, claimed.user_id)
        if person is None:
            raise _Over("skipped")  # the account was closed
        return person


def _end(outbox_id: UUID, status: str, now: datetime, error: str | None = None) -> None:
    with db.transaction() as session:
        row = session.get_one(OutboxMessage, outbox_id, with_for_update=True)
        row.status, row.ended_at, row.lease_until, row.last_error = status, now, None, error
    if status == "failed":
        log.error("a mail could not be delivered", outbox=str(outbox_id), error=error)


def _put_back(outbox_id: UUID, error: str, now: datetime, wall_now: datetime, *, counts: bool = True) -> None:
    """Try again later, or end as failed after the last try. An attempt that met no server at all does not count."""
    with db.transaction() as session:
        row = session.get_one(OutboxMessage, outbox_id, with_for_update=True)
        wait = retry_after(row.attempts)
        if not counts:
            row.attempts -= 1
            wait = UNREACHABLE_PAUSE
        row.last_error = error
        if wait is not None:
            row.lease_until = wall_now + wait
    if wait is None:
        _end(outbox_id, "failed", now, error)
