"""What staff do about alerts and holds, and the clock that calls the next person when nobody does."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

import structlog
from sqlalchemy import select, tuple_, update
from sqlalchemy.orm import Session

from service.accounts import queries as accounts
from service.audit import queries as trail
from service.audit import writes as audit
from service.audit.actions import AnchorBehind, anchor
from service.audit.gateway import Unreadable
from service.catalog.rules.whole import Catalog
from service.kit import crypto, db
from service.kit.actor import SYSTEM, Actor
from service.kit.errors import NotAllowed, NotFound, Rejected, words
from service.safety import queries, rules, writes
from service.safety.models import Alert, SafetyHold

log = structlog.get_logger(__name__)
BATCH = 100
SEALED_WITHIN = timedelta(seconds=60)
TRAIL_WINDOW = timedelta(hours=1)  # wider than the sealer's own, so that it sees what that one missed
THE_TRAIL = UUID(int=1)  # the alert is about no row: one alert of a kind while one is open
NOT_YOURS = NotAllowed("not_your_task", words("Your role cannot do this. Ask a clinician on the team."))
NO_SUCH_HOLD = NotFound("no_such_hold", words("We could not find that hold."))


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """Who has taken an alert, and whether it was somebody else, earlier."""

    by: str
    by_somebody_else: bool


@dataclass(frozen=True, slots=True)
class AlertList:
    """The alert page: what is open about patients, then about visitors nobody knows, and what was taken lately."""

    open: list[queries.AlertDetails]
    visitors: list[queries.VisitorAlerts]
    recent: list[queries.AlertDetails]


def open_list(*, actor: Actor) -> AlertList:
    """The alerts for the staff page; who saw whose is noted."""
    with db.transaction() as session:
        found = AlertList(
            queries.open_alerts(session), queries.visitors_alerts(session), queries.recent_alerts(session)
        )
        patients = {alert.patient_id for alert in [*found.open, *found.recent] if alert.patient_id}
        audit.record_many(session, actor, "record.view", "alert", [(None, patient_id) for patient_id in patients])
        return found


def acknowledge(*, alert_id: UUID, actor: Actor, now: datetime) -> Acknowledged:
    """Take an alert: it stops climbing. When somebody was quicker, the answer says who, and nothing changes.

    Raises NotAllowed for other roles, NotFound for an unknown alert.
    """
    if actor.user_id is None or actor.role not in rules.MAY_ACKNOWLEDGE:
        raise NOT_YOURS
    with db.transaction() as session:
        alert = session.scalars(select(Alert).where(Alert.id == alert_id).with_for_update()).one_or_none()
        if alert is None:
            raise NotFound("no_such_alert", words("We could not find that alert."))
        if alert.acknowledged_by is not None:
            return Acknowledged(
                accounts.display_name(session, alert.acknowledged_by), alert.acknowledged_by != actor.user_id
            )
        alert.acknowledged_at = now
        alert.acknowledged_by = actor.user_id
        alert.escalate_at = None
        audit.record(session, actor, "alert.acknowledge", "alert", alert.id, patient_id=alert.patient_id)
        return Acknowledged(accounts.display_name(session, actor.user_id), by_somebody_else=False)


def acknowledge_visitors(*, until: datetime, actor: Actor, now: datetime) -> int:
    """Take every open alert of anonymous visitors raised by `until`, the newest the page showed. Returns how many.

    Raises NotAllowed for other roles.
    """
    if actor.user_id is None or actor.role not in rules.MAY_ACKNOWLEDGE:
        raise NOT_YOURS
    with db.transaction() as session:
        taken = session.scalars(
            update(Alert)
            .where(Alert.patient_id.is_(None), ~queries.OF_SYSTEM, Alert.acknowledged_at.is_(None))
            .where(Alert.raised_at <= until)
            .values(acknowledged_at=now, acknowledged_by=actor.user_id, escalate_at=None)
            .returning(Alert.id)
        ).all()
        audit.record_many(session, actor, "alert.acknowledge", "alert", [(alert_id, None) for alert_id in taken])
        return len(taken)


def open_hold(*, hold_id: UUID, actor: Actor) -> queries.HoldDetails:
    """A hold for the page that lifts it; who saw it is noted. Raises NotFound."""
    with db.transaction() as session:
        found = queries.hold(session, hold_id)
        if found is None:
            raise NO_SUCH_HOLD
        audit.record(session, actor, "record.view", "hold", hold_id, patient_id=found.patient_id)
        return found


def lift_hold(*, hold_id: UUID, reason: str, actor: Actor, now: datetime) -> None:
    """Lift a hold: a clinician's judgement, with a reason. Lifting it twice changes nothing.

    Raises NotAllowed for anybody else, Rejected without a reason, NotFound for an unknown hold.
    """
    if actor.user_id is None or actor.role not in rules.MAY_LIFT:
        raise NotAllowed("clinician_lifts", words("Only a clinician can lift a hold."))
    if len(reason.strip()) < rules.REASON_MIN:
        raise Rejected("reason_missing", words("Write in a sentence why it is safe to go on."))
    with db.transaction() as session:
        hold = session.scalars(select(SafetyHold).where(SafetyHold.id == hold_id).with_for_update()).one_or_none()
        if hold is None:
            raise NO_SUCH_HOLD
        if hold.lifted_at is not None:
            return
        hold.lifted_at = now
        hold.lifted_by = actor.user_id
        hold.lift_reason_sealed = crypto.seal(reason.strip(), "safety_holds", "lift_reason", hold.id)
        audit.record(session, actor, "hold.lift", "hold", hold.id, patient_id=hold.patient_id)


def watch_trail(*, catalog: Catalog, anchors: Path | None, now: datetime, wall_now: datetime) -> None:
    """Anchor the audit trail's head once a day, and call a person when it is not sealed within a minute, not anchored,
    or shorter than its last anchor says. One alert of each kind while one is open.
    """
    wrong: list[str] = []
    try:
        if anchors is not None:
            anchor(path=anchors, wall_now=wall_now)
    except (AnchorBehind, Unreadable, OSError) as error:
        log.error("the audit trail could not be anchored", error=type(error).__name__)
        wrong.append("AUDIT-ANCHOR")
    with db.transaction() as session:
        trail.read_only_the_window(session)
        since = trail.newest(session, TRAIL_WINDOW).since
        if trail.oldest_unsealed(session, since, wall_now - SEALED_WITHIN) is not None:
            log.error("audit entries wait to be sealed")
            wrong.append("AUDIT-UNSEALED")
        for code in wrong:
            writes.raise_alert(
                session,
                code=code,
                source_kind="system",
                source_id=THE_TRAIL,
                patient_id=None,
                now=now,
                definition=rules.definition(catalog, code),
            )


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
        told = writes.call(session, alert.id, rule, alert.level, patient_id=alert.patient_id, now=now)
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
