"""The one file outside the database: where the chain's head is written down, a line a day, and never changed.

Each line is JSON: day, position, hash, links (how many stand), signature. Copy the file to another place: whoever can
rewrite the database must not be able to rewrite it too.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

TAIL = 4096  # bytes; a line is shorter than 300


class Line(NamedTuple):
    """One anchor as it is written. `hash` and `signature` are hexadecimal."""

    day: str
    position: int
    hash: str
    links: int
    signature: str


class Unreadable(Exception):
    """A line that is no anchor. The text says which."""


def lines(path: Path) -> Iterator[Line]:
    """Every anchor, the oldest first. Raises OSError without a file, Unreadable at a line that is none."""
    with path.open("rb") as file:
        for number, raw in enumerate(file, 1):
            yield _line(raw, f"line {number}")


def newest(path: Path) -> Line | None:
    """The last anchor, or None where there is none yet. Reads the end of the file only. Raises as `lines`."""
    try:
        with path.open("rb") as file:
            return _last(file)
    except FileNotFoundError:
        return None


def append(path: Path, make: Callable[[Line | None], Line | None]) -> Line | None:
    """Add what `make` says after the last line, and see it on the disk before coming back. One writer at a time.

    `make` gets the last line and returns None when nothing is to be added. Raises OSError, Unreadable.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    new = not path.exists()
    with os.fdopen(os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o640), "rb+", buffering=0) as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        line = make(_last(file))
        if line is None:
            return None
        file.write(json.dumps(line._asdict(), sort_keys=True).encode() + b"\n")
        os.fsync(file.fileno())
    if new:
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    return line


def _last(file: Any) -> Line | None:
    end = file.seek(0, os.SEEK_END)
    file.seek(max(0, end - TAIL))
    found = file.read().splitlines()
    return _line(found[-1], "the last line") if found else None


def _line(raw: bytes, which: str) -> Line:
    try:
        found = json.loads(raw)
        day, position, hash_, links, signature = (found[name] for name in Line._fields)
        bytes.fromhex(hash_), bytes.fromhex(signature)
        return Line(str(day), int(position), hash_, int(links), signature)
    except (ValueError, TypeError, KeyError):
        raise Unreadable(which) from None
