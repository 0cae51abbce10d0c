"""Which processes there are, read from /proc."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Seen:
    """A process, told apart from a later one with the same id by when it started."""

    pid: int
    started: str
    command: str = ""


def _stat(pid: int) -> list[str] | None:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None


def _command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    except OSError:
        return ""


def below(ancestor: int) -> set[Seen]:
    """Every process that descends from `ancestor`."""
    found: dict[int, list[str]] = {}
    for entry in Path("/proc").glob("[0-9]*"):
        if (stat := _stat(int(entry.name))) is not None:
            found[int(entry.name)] = stat
    family, grew = {ancestor}, True
    while grew:
        more = {pid for pid, stat in found.items() if int(stat[1]) in family and pid not in family}
        family |= more
        grew = bool(more)
    return {Seen(pid, found[pid][19], _command(pid)) for pid in family - {ancestor}}


def alive(seen: set[Seen]) -> set[Seen]:
    """Those of them that still run."""
    return {one for one in seen if (stat := _stat(one.pid)) is not None and stat[19] == one.started and stat[0] != "Z"}


def all_gone(seen: set[Seen], *, within: float) -> set[Seen]:
    """Wait up to `within` seconds; returns those that are still there."""
    end = time.monotonic() + within
    while (left := alive(seen)) and time.monotonic() < end:
        time.sleep(0.05)
    return left
