"""How one entry is written as bytes, and how each hash holds the one before.

hash = SHA-256(hash before || the entry's bytes). The bytes hold every column, each with its length, so that no two
entries look alike; moments are whole microseconds since 1970 in UTC.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from uuid import UUID

START = bytes(32)  # what the first link of all holds as "the hash before"
FORM = b"homeward-audit-1"
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


class Entry(NamedTuple):
    """One row of the trail: every column, in the table's order."""

    id: int
    at: datetime
    actor_kind: str
    actor_id: UUID | None
    action: str
    subject_kind: str
    subject_id: UUID | None
    patient_id: UUID | None
    reason: str | None
    address: str | None
    outcome: str


class Head(NamedTuple):
    """A place in the chain and the hash that stands there. (0, START) is before the first link."""

    position: int
    hash: bytes


NOTHING = Head(0, START)


def micros(moment: datetime) -> int:
    """Whole microseconds since 1970, whatever zone `moment` is told in."""
    return (moment - EPOCH) // MICROSECOND


def encode(entry: Entry) -> bytes:
    """The one way to write `entry` as bytes."""
    parts = [FORM]
    for value in entry:
        if value is None:
            parts.append(b"\0")
            continue
        if isinstance(value, UUID):
            raw = value.bytes
        elif isinstance(value, datetime):
            raw = str(micros(value)).encode()
        else:
            raw = str(value).encode()
        parts += (b"\1", len(raw).to_bytes(4, "big"), raw)
    return b"".join(parts)


def link(before: bytes, entry: Entry) -> bytes:
    """The hash of the link that holds `entry` and follows the one whose hash is `before`."""
    return hashlib.sha256(before + encode(entry)).digest()


def checkpoint_text(position: int, hash_: bytes, removed: int, made_at: datetime) -> str:
    """What a checkpoint's signature signs."""
    return f"checkpoint:{position}:{hash_.hex()}:{removed}:{micros(made_at)}"


def anchor_text(day: str, position: int, hash_: str, count: int) -> str:
    """What an anchor's signature signs."""
    return f"anchor:{day}:{position}:{hash_}:{count}"
