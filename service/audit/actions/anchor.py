"""Once a day the head leaves the database, so that nobody who holds the database alone can shorten or rewrite it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import structlog

from service.audit import gateway, queries, writes
from service.audit.rules.chain import anchor_text
from service.kit import crypto, db
from service.kit.actor import SYSTEM

log = structlog.get_logger(__name__)


class AnchorBehind(Exception):
    """The chain ends before its last anchor: something was removed, or an old backup stands here."""


class AnchorsLost(Exception):
    """No file, though there were anchors in the last days: somebody moved or removed it. Today's was written."""


def anchor(*, path: Path, wall_now: datetime) -> gateway.Line | None:
    """Write today's head (UTC) to the file at `path` and to the log. Returns it; None when today has one already, or
    when nothing was sealed yet. Raises AnchorBehind and AnchorsLost; OSError and gateway.Unreadable where the file
    cannot be used.
    """
    today = wall_now.astimezone(UTC).date().isoformat()
    last = gateway.newest(path)
    if last is not None and last.day >= today:
        return None
    with db.reading() as session:
        head = queries.newest(session).head
        count = queries.counted(session)
        noted = queries.anchored_at(session, wall_now) is not None
    if last is not None and last.position > head.position:
        raise AnchorBehind
    if head.position == 0:
        return None
    text = anchor_text(today, head.position, head.hash.hex(), count)
    line = gateway.Line(today, head.position, head.hash.hex(), count, crypto.index(text, "audit").hex())
    # Another worker may have been quicker: asked again under the file's lock.
    written = gateway.append(path, lambda before: line if before is None or before.day < today else None)
    if written is not None:
        log.info("the head of the trail is anchored", day=today, position=line.position, hash=line.hash, count=count)
        with db.transaction() as session:
            writes.record(session, SYSTEM, "trail.anchor", "trail", reason=str(line.position))
        if last is None and noted:
            raise AnchorsLost
    return written
