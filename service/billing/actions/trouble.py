"""Stripe understood us and refused. Trying again would not help, so a person looks."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

import structlog

from service.billing import rules
from service.billing.queries import stopping
from service.catalog.rules.whole import Catalog
from service.kit import db
from service.safety import rules as safety_rules
from service.safety import writes as calls

log = structlog.get_logger(__name__)


def call_about_refusal(*, patient_id: UUID, catalog: Catalog, now: datetime) -> None:
    """A patient met it on a page. One call while one is open."""
    _call(rules.BUG_ALERT, patient_id, patient_id, catalog, now)


def call_about_refusals(*, catalog: Catalog, now: datetime) -> int:
    """What had to stop or end and Stripe refused, once each. Returns how many."""
    with db.reading() as session:
        found = stopping.refused_by_stripe(session, rules.BUG_ALERT, now)
    call_each(rules.BUG_ALERT, found, catalog, now)
    return len(found)


def call_each(code: str, about: Iterable[tuple[UUID, UUID]], catalog: Catalog, now: datetime) -> None:
    """Call somebody about each (patient, source). One that cannot be called about keeps no other from it."""
    for patient_id, source_id in about:
        try:
            _call(code, patient_id, source_id, catalog, now)
        except Exception:
            log.exception("nobody could be called", code=code, source=str(source_id))


def _call(code: str, patient_id: UUID, source_id: UUID, catalog: Catalog, now: datetime) -> None:
    with db.transaction() as session:
        calls.raise_alert(
            session,
            code=code,
            source_kind="payment",
            source_id=source_id,
            patient_id=patient_id,
            now=now,
            definition=safety_rules.definition(catalog, code),
        )
