"""A place in a list that grows at its front, as a link carries it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def write_place(at: datetime, number: int) -> str:
    """ "1795253400123456.42": microseconds since 1970, and the row's number."""
    return f"{(at - EPOCH) // timedelta(microseconds=1)}.{number}"


def read_place(text: str | None) -> tuple[datetime, int] | None:
    """What `write_place` wrote; None for anything else."""
    first, _, second = (text or "").partition(".")
    digits = first.isascii() and first.isdigit() and second.isascii() and second.isdigit()
    if not digits or len(first) > 17 or len(second) > 18:
        return None
    return EPOCH + timedelta(microseconds=int(first)), int(second)
