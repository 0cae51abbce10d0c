"""When a person is called about billing's own machinery: once for each spell, not once a minute."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import structlog
from sqlalchemy.orm import Session

from service.billing.queries import watching
from service.billing.queries.watching import troubles
from service.billing.queries.watching.pace import Pace, pace
from service.billing.rules import drift, inbox
from service.catalog.rules.whole import Catalog
from service.kit import db
from service.safety import rules as safety_rules
from service.safety import writes as calls

log = structlog.get_logger(__name__)


def watch_billing(*, catalog: Catalog, now: datetime, wall_now: datetime) -> list[str]:
    """Call a person where a message needs one or waits for over a quarter of an hour, where a night went by without a
    comparison, and where one found what differs. Returns the codes of the alerts that were raised.
    """
    log.info("billing's pace", **billing_pace(now=now, wall_now=wall_now).numbers())
    with db.transaction() as session:
        raised = [
            _inbox(session, catalog, now, wall_now),
            _silence(session, catalog, now),
            _drift(session, catalog, now),
        ]
    return [code for code in raised if code is not None]


def billing_pace(*, now: datetime, wall_now: datetime) -> Pace:
    """How far behind everything is."""
    with db.reading() as session:
        return pace(session, now, wall_now)


def _inbox(session: Session, catalog: Catalog, now: datetime, wall_now: datetime) -> str | None:
    """Each message calls once. While somebody is called already, new ones belong to the same call."""
    troubled = troubles.uncalled(session, wall_now - inbox.LATE_AFTER)
    if not troubled:
        return None
    called = troubles.is_open(session, inbox.INBOX_ALERT)
    troubles.mark_called(session, troubled, wall_now)
    if called:
        return None
    log.error("messages from Stripe wait or need a person", count=len(troubled))
    return _call(session, inbox.INBOX_ALERT, troubled[0], catalog, now)


def _silence(session: Session, catalog: Catalog, now: datetime) -> str | None:
    last = watching.last_nightly_at(session)
    began = watching.began_at(session)
    tonight = watching.nightly_of(session, drift.night_of(now))
    runs = tonight is not None and now - tonight.started_at <= drift.STARTS_WITHIN
    if runs or not drift.is_silent(now, last, began) or troubles.is_open(session, inbox.SILENT_ALERT):
        return None
    source = UUID(int=int((last or began or now).timestamp()))  # one spell is one silence
    if troubles.was_called(session, inbox.SILENT_ALERT, source):
        return None
    log.error("nothing was compared with Stripe for over a night")
    return _call(session, inbox.SILENT_ALERT, source, catalog, now)


def _drift(session: Session, catalog: Catalog, now: datetime) -> str | None:
    run_id = troubles.run_with_open_drift(session)
    if run_id is None or troubles.is_open(session, inbox.DRIFT_ALERT):
        return None
    if troubles.was_called(session, inbox.DRIFT_ALERT, run_id):
        return None
    return _call(session, inbox.DRIFT_ALERT, run_id, catalog, now)


def _call(session: Session, code: str, source_id: UUID, catalog: Catalog, now: datetime) -> str:
    calls.raise_alert(
        session,
        code=code,
        source_kind="system",
        source_id=source_id,
        patient_id=None,
        now=now,
        definition=safety_rules.definition(catalog, code),
    )
    return code
