"""The watchman: when reminders that should have left did not, somebody must hear of it."""

from __future__ import annotations

from datetime import datetime

import structlog

from service.catalog.rules.whole import Catalog
from service.kit import db
from service.reminders import queries
from service.reminders.queries import Comparison

log = structlog.get_logger(__name__)


def compare(*, catalog: Catalog, now: datetime) -> Comparison:
    """Compare expected with actual nudges and log an error when they differ. Staff see the same on their pages."""
    with db.reading() as session:
        found = queries.compare(session, catalog, now)
    if not found.all_well:
        log.error("reminders are missing or stuck", unplanned=found.unplanned, unsent=found.unsent)
    return found
