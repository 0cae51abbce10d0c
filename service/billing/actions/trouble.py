"""Stripe understood us and refused. Trying again would not help, so a person looks."""

from __future__ import annotations

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
    _call([(patient_id, patient_id)], catalog, now)


def call_about_refusals(*, catalog: Catalog, now: datetime) -> int:
    """What had to stop or end and Stripe refused, once each. Returns how many."""
    with db.reading() as session:
        found = stopping.refused_by_stripe(session, rules.BUG_ALERT, now)
    _call(found, catalog, now)
    return len(found)


def _call(about: list[tuple[UUID, UUID]], catalog: Catalog, now: datetime) -> None:
    definition = safety_rules.definition(catalog, rules.BUG_ALERT)
    for patient_id, source_id in about:
        with db.transaction() as session:
            calls.raise_alert(
                session,
                code=rules.BUG_ALERT,
                source_kind="payment",
                source_id=source_id,
                patient_id=patient_id,
                now=now,
                definition=definition,
            )
