"""What the pages and jobs of this room read."""

from __future__ import annotations

from service.privacy.queries.copies import Copy, copies_of, unfinished, waiting
from service.privacy.queries.copy import LEFT_OUT, copy_of
from service.privacy.queries.holds import Hold, held_patients, held_users, holds, is_held

__all__ = [
    "LEFT_OUT",
    "Copy",
    "Hold",
    "copies_of",
    "copy_of",
    "held_patients",
    "held_users",
    "holds",
    "is_held",
    "unfinished",
    "waiting",
]
