"""A copy of somebody's data: its parts, and the life of the job that makes it. Wall time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

# What a program that reads the JSON must know. A new version is a decision: docs/your-data.md describes each.
FORMAT, VERSION = "homeward-your-data", 1

MAX_ATTEMPTS = 3
LEASE = timedelta(minutes=10)  # longer than a worker may take: two must not make one copy
PAUSE = timedelta(minutes=1)  # before a job that broke is tried again
ASKS_A_DAY = 3  # a copy is work, and each lies here for a week

# Names of what is told, in order, each with a date, a moment, a text, a number, yes or no, nothing, or a list of such.
# A name that ends with `_cents` is an amount of US dollars.
Entry = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Section:
    """One part of a copy. `key` is its name in the JSON, `title` and `note` are for reading."""

    key: str
    title: str
    entries: list[Entry]
    note: str = ""


def may_be_claimed(status: str, attempts: int, claimed_until: datetime | None, wall_now: datetime) -> bool:
    """May a worker start on this copy now?"""
    free = claimed_until is None or claimed_until <= wall_now
    return status == "asked" and free and attempts < MAX_ATTEMPTS


def file_name(kind: str, ready_at: datetime) -> str:
    """What the browser calls the file: nothing that says whose it is or what about."""
    return f"your-data-{ready_at:%Y-%m-%d}.{kind}"
