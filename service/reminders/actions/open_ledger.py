"""Staff look into the ledger. It names patients, so the look is noted."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from service.audit import writes as audit
from service.catalog.rules.whole import Catalog
from service.kit import db
from service.kit.actor import Actor
from service.reminders import queries
from service.reminders.queries import Comparison, LedgerLine


@dataclass(frozen=True, slots=True)
class LedgerPage:
    """One page of the ledger, how many nudges are in each state, and whether all is well."""

    lines: list[LedgerLine]
    counts: dict[str, int]
    comparison: Comparison


def open_ledger(*, status: str | None, page: int, actor: Actor, catalog: Catalog, now: datetime) -> LedgerPage:
    """Load a page of the ledger, newest first, and note who looked at whose lines."""
    with db.transaction() as session:
        found = LedgerPage(
            lines=queries.ledger(session, now, status=status, page=page),
            counts=queries.counts(session),
            comparison=queries.compare(session, catalog, now),
        )
        seen = {line.patient_id for line in found.lines}
        audit.record_many(session, actor, "record.view", "reminders", [(None, patient_id) for patient_id in seen])
    return found
