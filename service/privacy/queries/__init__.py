"""What the pages and jobs of this room read."""

from __future__ import annotations

from service.privacy.queries.copies import Copy, copies_of, unfinished, waiting
from service.privacy.queries.copy import LEFT_OUT, copy_of
from service.privacy.queries.holds import HeldKeys, Hold, held_keys, held_patients, held_users, holds, is_held
from service.privacy.queries.retention import (
    NOTICE,
    closed_accounts,
    customers_due,
    last_run,
    records_due,
    runs,
    to_be_told,
)

__all__ = [
    "LEFT_OUT",
    "NOTICE",
    "Copy",
    "HeldKeys",
    "Hold",
    "closed_accounts",
    "copies_of",
    "copy_of",
    "customers_due",
    "held_keys",
    "held_patients",
    "held_users",
    "holds",
    "is_held",
    "last_run",
    "records_due",
    "runs",
    "to_be_told",
    "unfinished",
    "waiting",
]
