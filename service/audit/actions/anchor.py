"""Once a day the head leaves the database, so that nobody who holds the database alone can shorten or rewrite it."""

from __future__ import annotations

import hmac
from datetime import UTC, datetime, timedelta
from pathlib import Path

import structlog

from service.audit import gateway, queries, writes
from service.audit.rules.chain import anchor_text
from service.kit import crypto, db
from service.kit.actor import SYSTEM

log = structlog.get_logger(__name__)
AHEAD = timedelta(minutes=10)  # another machine's clock may be a little further on at midnight


class AnchorBehind(Exception):
    """The chain ends before its last anchor: something was removed, or an old backup stands here."""


class ChainChanged(Exception):
    """Where the last anchor was made stands another hash: the chain was computed anew."""


class AnchorForged(Exception):
    """The last line was not signed by us, or is dated ahead: it may not stand in the way of the next."""


class AnchorsLost(Exception):
    """No file, though there were anchors in the last days: somebody moved or removed it. Today's was written."""


def anchor(*, path: Path, wall_now: datetime) -> gateway.Line | None:
    """Write today's head (UTC) to the file at `path` and to the log. Returns it; None when today has one already, or
    when nothing was sealed yet. The last line is compared with the chain each time.

    Raises AnchorBehind, ChainChanged, AnchorForged and AnchorsLost; OSError and gateway.Unreadable where the file
    cannot be used.
    """
    today = _day(wall_now)
    last = gateway.newest(path)
    with db.reading() as session:
        head = queries.newest(session).head
        count = queries.counted(session)
        noted = queries.anchored_at(session, wall_now)
        standing = queries.stands(session, last.position, bytes.fromhex(last.hash)) if last is not None else True
    if last is not None:
        _check(last, head.position, standing, wall_now)
        if last.day >= today:
            if noted is None or noted < wall_now - queries.ANCHOR_DUE:
                _note(last)  # whoever wrote it died before saying so
            return None
    if head.position == 0:
        return None
    text = anchor_text(today, head.position, head.hash.hex(), count)
    line = gateway.Line(today, head.position, head.hash.hex(), count, crypto.index(text, "audit").hex())
    # Another worker may have been quicker: asked again under the file's lock.
    written = gateway.append(path, lambda before: line if before is None or before.day < today else None)
    if written is not None:
        log.info("the head of the trail is anchored", day=today, position=line.position, hash=line.hash, count=count)
        _note(line)
        if last is None and noted is not None:
            raise AnchorsLost
    return written


def _day(moment: datetime) -> str:
    return moment.astimezone(UTC).date().isoformat()


def _check(last: gateway.Line, head: int, standing: bool, wall_now: datetime) -> None:
    signature = crypto.index(anchor_text(last.day, last.position, last.hash, last.links), "audit")
    if not hmac.compare_digest(signature, bytes.fromhex(last.signature)) or last.day > _day(wall_now + AHEAD):
        raise AnchorForged
    if last.position > head:
        raise AnchorBehind
    if not standing:
        raise ChainChanged


def _note(line: gateway.Line) -> None:
    with db.transaction() as session:
        writes.record(session, SYSTEM, "trail.anchor", "trail", reason=str(line.position))
