"""What a copy is made of and how it reads, how long it lasts, and when a job has failed. Pure."""

from __future__ import annotations

from service.privacy.rules.closing import CLOSED_ALERT, IN_CARE
from service.privacy.rules.copies import (
    ASKS_A_DAY,
    FORMAT,
    LEASE,
    MAX_ATTEMPTS,
    PAUSE,
    VERSION,
    Entry,
    Section,
    file_name,
    may_be_claimed,
)
from service.privacy.rules.words import as_json, as_pages, words

__all__ = [
    "ASKS_A_DAY",
    "CLOSED_ALERT",
    "FORMAT",
    "IN_CARE",
    "LEASE",
    "MAX_ATTEMPTS",
    "PAUSE",
    "VERSION",
    "Entry",
    "Section",
    "as_json",
    "as_pages",
    "file_name",
    "may_be_claimed",
    "words",
]
