"""Does the chain hold? One pass over it, in one snapshot, with one link in memory."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from service.audit import gateway, queries
from service.audit.rules.chain import anchor_text, checkpoint_text
from service.audit.rules.checking import Anchor, Check, Checkpoint, Finding
from service.kit import crypto, db

AT_ONCE = 2000
SEALED_WITHIN = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Verified:
    """What was read, and everything that is wrong with it, the first in the chain first."""

    links: int
    head: int
    purged: int
    anchors: int
    compared: int
    findings: tuple[Finding, ...]
    told_not: int

    @property
    def holds(self) -> bool:
        """True when nothing is wrong."""
        return not self.findings


def verify(*, database_url: str, wall_now: datetime, anchors: Path | None = None) -> Verified:
    """Read the whole chain at `database_url` and compare it with the checkpoints and the `anchors` file.

    Raises OSError when the file cannot be read. Memory does not grow with the chain.
    """
    known, unread = _anchors(anchors)
    engine = db.connect(database_url, pool_size=1)
    try:
        with engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection:
            queries.take_your_time(connection)
            check = Check(
                checkpoints=[_checkpoint(*row) for row in queries.checkpoints(connection)],
                anchors=known,
                findings=unread,
            )
            # Asked first: the snapshot is the same, and the cursor below then has the connection to itself.
            never_sealed = queries.never_sealed(connection, wall_now - SEALED_WITHIN)
            for link in queries.links(connection, AT_ONCE):
                check.feed(*link)
            check.end(*never_sealed)
            return Verified(
                links=check.links,
                head=check.head.position,
                purged=check.start.position,
                anchors=len(known),
                compared=check.compared,
                findings=tuple(check.findings),
                told_not=check.told_not,
            )
    finally:
        engine.dispose()


def _checkpoint(position: int, hash_: bytes, removed: int, made_at: datetime, signature: bytes) -> Checkpoint:
    text = checkpoint_text(position, bytes(hash_), removed, made_at)
    signed = hmac.compare_digest(crypto.index(text, "audit"), bytes(signature))
    return Checkpoint(position, bytes(hash_), removed, made_at, signed)


def _anchors(path: Path | None) -> tuple[list[Anchor], list[Finding]]:
    if path is None:
        return [], []
    known: list[Anchor] = []
    try:
        for line in gateway.lines(path):
            text = anchor_text(line.day, line.position, line.hash, line.links)
            signed = hmac.compare_digest(crypto.index(text, "audit"), bytes.fromhex(line.signature))
            known.append(Anchor(line.day, line.position, bytes.fromhex(line.hash), line.links, signed))
    except gateway.Unreadable as error:
        return known, [Finding("forged_anchor", f"The anchors cannot be read any further: {error} is no anchor.")]
    return known, []
