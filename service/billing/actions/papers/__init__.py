"""Papers to keep: receipts, a year's statement, superbills. Each one taken along is written down."""

from __future__ import annotations

from service.billing.actions.papers.receipts import (
    Paper,
    practice_of,
    receipt_page,
    receipt_pdf,
    statement_pdf,
    year_bounds,
)
from service.billing.actions.papers.superbills import superbill_page, superbill_pdf

__all__ = [
    "Paper",
    "practice_of",
    "receipt_page",
    "receipt_pdf",
    "statement_pdf",
    "superbill_page",
    "superbill_pdf",
    "year_bounds",
]
