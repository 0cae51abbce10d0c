"""Before the federal telemedicine authority ends, a person plans an examination for each whose care rests on it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import structlog

from service.catalog.rules.alerts import AlertRule
from service.catalog.rules.whole import Catalog
from service.enrollment.queries.authority import without_exam
from service.enrollment.rules.authority import ends_on, step_due
from service.kit import db
from service.safety import writes as safety

log = structlog.get_logger(__name__)
CODE = "AUTHORITY"  # -60, -30 and -14 in config/alerts.toml
OF_THIS_END = timedelta(days=120)  # what was raised longer ago was about an earlier end
BATCH = 200


def warn_of_authority(*, catalog: Catalog, now: datetime) -> int:
    """Raise the alert of 60, 30 or 14 days for each patient in care without an exam in person. Returns how many.

    Each once for each step, also after somebody acknowledged it. Where the authority is renewed, or has no end, or is
    over, there is nothing to raise. One bad row stops nobody else's.
    """
    today = now.astimezone(UTC).date()
    last = ends_on(catalog.policies, today)
    step = step_due(last, today) if last is not None else None
    if step is None:
        return 0
    code = f"{CODE}-{step}"
    with db.reading() as session:
        found = without_exam(session, code, now - OF_THIS_END, BATCH)
    return sum(_raise(enrollment_id, patient_id, catalog.alerts[code], now) for enrollment_id, patient_id in found)


def _raise(enrollment_id: UUID, patient_id: UUID, rule: AlertRule, now: datetime) -> bool:
    try:
        with db.transaction() as session:
            safety.raise_alert(
                session,
                code=rule.code,
                source_kind="enrollment",
                source_id=enrollment_id,
                patient_id=patient_id,
                now=now,
                definition=rule,
            )
    except Exception:
        log.exception("an alert of the authority's end could not be raised", enrollment=str(enrollment_id))
        return False
    return True
