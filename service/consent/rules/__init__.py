"""What counts as signed, what fills the blanks of a text, and what an estimate says and when it is due. Pure."""

from __future__ import annotations

from service.consent.rules.blanks import blanks
from service.consent.rules.tasks import (
    FIRST,
    NOTICE,
    Signature,
    Task,
    all_blocking_signed,
    coming,
    ready_for_session,
    ready_for_visit,
    standing,
    tasks,
)

__all__ = [
    "FIRST",
    "NOTICE",
    "Signature",
    "Task",
    "all_blocking_signed",
    "blanks",
    "coming",
    "ready_for_session",
    "ready_for_visit",
    "standing",
    "tasks",
]
