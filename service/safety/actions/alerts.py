"""The alert list, and taking an alert."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, update

from service.accounts import queries as accounts
from service.accounts import writes as people
from service.accounts.queries import Caller
from service.audit import writes as audit
from service.kit import db
from service.kit.actor import Actor
from service.kit.errors import NotAllowed, NotFound, words
from service.safety import queries, rules
from service.safety.models import Alert

NOT_YOURS = NotAllowed("not_your_task", words("Your role cannot do this. Ask a clinician on the team."))


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
    callers: dict[UUID, Caller]  # by patient, for the open ones


def open_list(*, actor: Actor) -> AlertList:
    """The alerts for the staff page, as far as the actor's role goes; who saw whose is noted.

    Whoever is on call sees at once whom to call: the first name and the number stand on the list itself. Billing sees
    what is about money, and no number.
    """
    with db.transaction() as session:
        waiting = [alert for alert in queries.open_alerts(session) if rules.may_take(alert.code, actor.role)]
        on_call = actor.role in rules.MAY_ACKNOWLEDGE
        found = AlertList(
            waiting,
            queries.visitors_alerts(session) if on_call else [],
            [alert for alert in queries.recent_alerts(session) if rules.may_take(alert.code, actor.role)],
            accounts.callers(session, {one.patient_id for one in waiting if one.patient_id}) if on_call else {},
        )
        patients = {alert.patient_id for alert in [*found.open, *found.recent] if alert.patient_id}
        audit.record_many(session, actor, "record.view", "alert", [(None, patient_id) for patient_id in patients])
        return found


def acknowledge(*, alert_id: UUID, actor: Actor, now: datetime) -> Acknowledged:
    """Take an alert: it stops climbing, and whoever took it looks after the patient from now on. When somebody was
    quicker, the answer says who, and nothing changes.

    Raises NotAllowed for other roles and for whoever the alert is about, NotFound for an unknown alert.
    """
    if actor.user_id is None or actor.role not in (*rules.MAY_ACKNOWLEDGE, "billing"):
        raise NOT_YOURS
    with db.transaction() as session:
        alert = session.scalars(select(Alert).where(Alert.id == alert_id).with_for_update()).one_or_none()
        if alert is None:
            raise NotFound("no_such_alert", words("We could not find that alert."))
        if not rules.may_take(alert.code, actor.role):
            raise NOT_YOURS
        if alert.source_kind == "system" and accounts.looker_of(session, alert.source_id) == actor.user_id:
            raise NotAllowed("about_you", words("Another owner takes this one: it is about what you did."))
        if alert.acknowledged_by is not None:
            return Acknowledged(
                accounts.display_name(session, alert.acknowledged_by), alert.acknowledged_by != actor.user_id
            )
        alert.acknowledged_at = now
        alert.acknowledged_by = actor.user_id
        alert.escalate_at = None
        if alert.patient_id is not None and actor.role in rules.MAY_ACKNOWLEDGE:  # billing looks after nobody
            people.join_care_team(session, patient_id=alert.patient_id, user_id=actor.user_id, why="alert")
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
