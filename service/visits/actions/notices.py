"""Before a licence runs out the clinician and the owners are told; no booked visit is left without its clinician."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

import structlog
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from service.accounts import queries as accounts
from service.catalog.rules.whole import Catalog
from service.kit import db
from service.kit.ids import new_id
from service.mail import writes as mail
from service.safety import writes as safety
from service.visits import emails
from service.visits.models import LicenseNotice
from service.visits.queries.lapsing import Lapsing, lapsing, stranded, stranded_visit
from service.visits.rules.licenses import STEPS, step_due
from service.visits.rules.times import local_day

log = structlog.get_logger(__name__)
STRANDED = "VISIT-STRANDED"  # config/alerts.toml
BATCH = 500


def remind_of_licenses(*, catalog: Catalog, now: datetime) -> int:
    """Tell the clinician and the owners 60, 30 and 7 days before a licence expires, and on the day. Returns how many.

    Each step once for each expiry. Whoever enters a licence late gets the nearest step alone. One bad row stops
    nobody else's.
    """
    told = 0
    with db.reading() as session:
        found = lapsing(session, now.date() + timedelta(days=STEPS[0] + 1))
    for one in found:
        step = step_due(one.expires_on, local_day(now, one.time_zone))
        if step is None or (one.told is not None and one.told <= step):
            continue
        try:
            with db.transaction() as session:
                told += _tell(session, one, step, catalog, now)
        except Exception:
            log.exception("a reminder of a licence could not be queued", license=str(one.id))
    return told


def _tell(session: Session, one: Lapsing, step: int, catalog: Catalog, now: datetime) -> int:
    """Under a unique key: of two workers one finds the notice there already."""
    row = {"id": new_id(), "license_id": one.id, "expires_on": one.expires_on, "days_before": step, "told_at": now}
    statement = insert(LicenseNotice).values(row).on_conflict_do_nothing().returning(LicenseNotice.id)
    if session.execute(statement).scalar() is None:
        return 0
    state = catalog.states.get(one.state)
    for user_id in {one.user_id, *accounts.staff_ids(session, "owner")}:
        path = f"/staff/clinicians/{one.practitioner_id}"
        mail.put(
            session,
            emails.license_notice(
                who=one.name,
                kind=one.kind,
                place=state.name if state else one.state,
                expires_on=one.expires_on,
                over=step == 0,
                path="/staff/hours" if user_id == one.user_id else path,
            ),
            key=f"license_notice:{one.id}:{one.expires_on}:{step}:{user_id}",
            user_id=user_id,
            now=now,
        )
    return 1


def watch_bookings(*, catalog: Catalog, now: datetime) -> int:
    """Raise an alert for each booked visit whose clinician cannot see that patient then. Returns how many are new.

    Their licence ran out or was ended, they left, or their account was closed. A person gives the visit to a
    colleague or calls the patient. Each visit calls once for each reason to worry that stays.
    """
    raised = 0
    with db.transaction() as session:  # it is read through a cursor, which lives as long as a transaction
        found = stranded(session, STRANDED, now, BATCH)
    for appointment_id in found:
        try:
            raised += _raise(appointment_id, catalog, now)
        except Exception:
            log.exception("an alert about a visit could not be raised", appointment=str(appointment_id))
    return raised


def _raise(appointment_id: UUID, catalog: Catalog, now: datetime) -> int:
    with db.transaction() as session:
        patient_id = stranded_visit(session, appointment_id, STRANDED, now)
        if patient_id is None:
            return 0  # given to somebody else, cancelled, or raised a moment ago
        safety.raise_alert(
            session,
            code=STRANDED,
            source_kind="visit",
            source_id=appointment_id,
            patient_id=patient_id,
            now=now,
            definition=catalog.alerts[STRANDED],
        )
        return 1
