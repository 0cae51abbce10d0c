"""Alerts and holds, inside the transaction that wrote the worrying answer: both are saved with it or not at all."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from service.accounts import queries as accounts
from service.audit import writes as audit
from service.catalog.rules.alerts import AlertRule
from service.kit.actor import SYSTEM
from service.kit.ids import new_id
from service.mail import writes as mail
from service.safety import emails, rules
from service.safety.models import KEY, Alert, SafetyHold


def raise_alert(
    session: Session,
    *,
    code: str,
    source_kind: str,
    source_id: UUID,
    patient_id: UUID | None,
    now: datetime,
    definition: AlertRule,
) -> UUID:
    """Raise an alert for `code` and its source and call the first person. While one is open, a second call finds it.

    `source_kind` is "assessment", "checkin", ...; only an assessment may have no patient. Returns the alert's id.
    """
    statement = (
        insert(Alert)
        .values(
            id=new_id(),
            code=code,
            patient_id=patient_id,
            source_kind=source_kind,
            source_id=source_id,
            raised_at=now,
            acknowledge_by=rules.acknowledge_by(definition, now),
            level=0,
            escalate_at=rules.leaves_level_at(definition, 0, now),
        )
        .on_conflict_do_nothing(index_elements=KEY, index_where=Alert.acknowledged_at.is_(None))
        .returning(Alert.id)
    )
    while (added := session.execute(statement).scalar()) is None:
        # Somebody may acknowledge the open one at this very moment: then this answer raises its own.
        if (open_one := _open_one(session, source_kind, source_id, code)) is not None:
            return open_one
    audit.record(session, SYSTEM, "alert.raise", "alert", added, patient_id=patient_id)
    call(session, session.get_one(Alert, added), definition, 0, now=now)
    return added


def settle(session: Session, *, code: str, source_id: UUID, by: UUID, now: datetime) -> None:
    """What somebody was called for is done: nobody is called about it again. Taken by whoever did it."""
    session.execute(
        update(Alert)
        .where(Alert.code == code, Alert.source_id == source_id, Alert.acknowledged_at.is_(None))
        .values(acknowledged_at=now, acknowledged_by=by, escalate_at=None)
    )


def place_hold(
    session: Session, *, code: str, source_kind: str, source_id: UUID, patient_id: UUID | None, now: datetime
) -> None:
    """Stop what must stop. While a hold of this source and code stands, a second call changes nothing."""
    statement = (
        insert(SafetyHold)
        .values(
            id=new_id(),
            code=code,
            patient_id=patient_id,
            source_kind=source_kind,
            source_id=source_id,
            placed_at=now,
        )
        .on_conflict_do_nothing(index_elements=KEY, index_where=SafetyHold.lifted_at.is_(None))
        .returning(SafetyHold.id)
    )
    added = session.execute(statement).scalar()
    if added is not None:
        audit.record(session, SYSTEM, "hold.place", "hold", added, patient_id=patient_id)


def call(session: Session, alert: Alert, rule: AlertRule, level: int, *, now: datetime) -> int:
    """Mail the people of `level`, each once. Returns how many there are. No quiet hours: safety does not wait.

    Anonymous visitors together call a person at most once in a quarter of an hour: whoever plays with our questions
    must not bury a patient's call. Nor must what concerns many at once (`together`): one mail a day for all. After the
    last step one mail a day says that alerts wait, however many do.
    Whoever broke the glass is not called about it.
    """
    email = emails.alert_raised() if level == 0 else emails.alert_escalated()
    of_visitor = alert.patient_id is None and alert.source_kind != "system"
    about = f"alert:visitors:{rules.quarter(now).isoformat()}" if of_visitor else f"alert:{alert.id}:{level}"
    if rule.together:
        about = f"alerts:{rule.code}:{level}:{now.astimezone(UTC).date()}"
    if rules.after_the_last(rule, level):
        email, about = emails.alerts_waiting(), f"alerts_waiting:{now.astimezone(UTC).date()}"
    looker = None
    if rule.code == rules.BREAK_GLASS:
        email, about = emails.look_to_review(), f"alert:{alert.id}:{level}"
        looker = accounts.looker_of(session, alert.source_id)
    team = rules.people(rule, level, lambda role: [one for one in accounts.staff_ids(session, role) if one != looker])
    for user_id in team:
        mail.put(session, email, key=f"{about}:{user_id}", user_id=user_id, now=now)
    return len(team)


def _open_one(session: Session, source_kind: str, source_id: UUID, code: str) -> UUID | None:
    """The open alert, locked: it stays open until this answer is kept."""
    return session.scalars(
        select(Alert.id)
        .where(
            Alert.source_kind == source_kind,
            Alert.source_id == source_id,
            Alert.code == code,
            Alert.acknowledged_at.is_(None),
        )
        .with_for_update()
    ).one_or_none()
