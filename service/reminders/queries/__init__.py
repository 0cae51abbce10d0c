"""What other domains and pages may ask about reminders."""

from __future__ import annotations

from service.reminders.queries.comparison import COUNTDOWN, LADDER, SPACING, Comparison, compare
from service.reminders.queries.ledger import STATES, LedgerLine, counts, ledger
from service.reminders.queries.timeline import happened, next_due_at
from service.reminders.queries.wanted import still_wanted

__all__ = [
    "COUNTDOWN",
    "LADDER",
    "SPACING",
    "STATES",
    "Comparison",
    "LedgerLine",
    "compare",
    "counts",
    "happened",
    "ledger",
    "next_due_at",
    "still_wanted",
]
