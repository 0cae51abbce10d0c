"""The clock that calls the next person when nobody takes an alert."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import structlog
from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session

from service.audit import writes as audit
from service.catalog.rules.whole import Catalog
from service.kit import db
from service.kit.actor import SYSTEM
from service.safety import rules, writes
from service.safety.models import Alert

log = structlog.get_logger(__name__)
BATCH = 100


def escalate_due(*, catalog: Catalog, now: datetime) -> int:
    """Let every alert climb whose time is up and that nobody has acknowledged. Returns how many did.

    Its own tick, independent of any other work. Each alert has its own transaction, so that a bad one stops
    nobody else's; all that are due are walked through, so that bad ones at the front starve nobody.
    """
    climbed = 0
    after: tuple[datetime, UUID] | None = None
    while page := _due(now, after):
        for moment, alert_id in page:
            try:
                climbed += _climb(catalog, alert_id, now)
            except Exception:
                log.exception("an alert could not climb; the next tick tries again", alert=str(alert_id))
            after = (moment, alert_id)
    return climbed


def _due(now: datetime, after: tuple[datetime, UUID] | None) -> list[tuple[datetime, UUID]]:
    query = (
        select(Alert.escalate_at, Alert.id)
        .where(Alert.acknowledged_at.is_(None), Alert.escalate_at <= now)
        .order_by(Alert.escalate_at, Alert.id)
        .limit(BATCH)
    )
    if after is not None:
        query = query.where(tuple_(Alert.escalate_at, Alert.id) > after)
    with db.reading() as session:
        return [(moment, alert_id) for moment, alert_id in session.execute(query) if moment is not None]


def _climb(catalog: Catalog, alert_id: UUID, now: datetime) -> int:
    with db.transaction() as session:
        alert = _claimed(session, alert_id, now)
        if alert is None:
            return 0  # acknowledged or taken by another worker a moment ago
        rule = rules.definition(catalog, alert.code)
        alert.level += 1
        alert.escalate_at = rules.next_climb(rule, alert.level, alert.raised_at, now)
        told = writes.call(session, alert, rule, alert.level, now=now)
        if not told:
            log.error("an alert reaches nobody: there is no clinician, coordinator or owner", alert=str(alert.id))
        audit.record(session, SYSTEM, "alert.escalate", "alert", alert.id, patient_id=alert.patient_id)
        return 1


def _claimed(session: Session, alert_id: UUID, now: datetime) -> Alert | None:
    return session.scalars(
        select(Alert)
        .where(Alert.id == alert_id, Alert.acknowledged_at.is_(None), Alert.escalate_at <= now)
        .with_for_update(skip_locked=True)
    ).one_or_none()
