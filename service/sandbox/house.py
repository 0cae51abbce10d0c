"""The data folder of a sandbox: one sandbox at a time, begun whole or begun again."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from service.sandbox import keys, people, postgres, running
from service.sandbox.child import SandboxError

FOLDERS = ("redis", "stripe", "mailbox", "logs", "audit")
FILES = (keys.FILE, people.FILE, running.FILE)


@contextmanager
def only_one(data: Path) -> Iterator[None]:
    """Hold the data folder for as long as the block runs. Raises SandboxError when another sandbox holds it."""
    try:
        data.mkdir(parents=True, exist_ok=True)
        lock = os.open(data / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise SandboxError(
            f"The data folder {data} cannot be used ({error.strerror}). Choose another with --data."
        ) from None
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise SandboxError(
                f"A sandbox already runs on {data}. End it first, or choose another data folder with --data."
            ) from None
        yield
    finally:
        os.close(lock)


def open_keys(data: Path, start: datetime | None, *, fresh: bool, now: datetime) -> keys.Keys:
    """The secrets of this data, or new ones where nothing usable is there.

    A first start that was interrupted left half a town of demo people: it is begun again from nothing.
    """
    kept = keys.load(data)
    whole = kept is not None and (data / people.FILE).exists() and postgres.exists(data / "postgres")
    if kept is not None and whole and not fresh:
        if start is not None and datetime.fromisoformat(kept.start) != start:
            raise SandboxError(
                f"The data in {data} began at {kept.start}, and time only moves forward. "
                "Add --fresh to begin again from nothing, or choose another folder with --data."
            )
        return kept
    forget(data)
    return keys.make(data, (start or now).isoformat(timespec="seconds"))


def forget(data: Path) -> None:
    """Remove what a sandbox keeps in `data`, and nothing else that may be there."""
    postgres.forget(data / "postgres")
    for name in FOLDERS:
        shutil.rmtree(data / name, ignore_errors=True)
    for name in FILES:
        (data / name).unlink(missing_ok=True)
