"""What stands open, whom it is about, and when somebody must be told again."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Select, bindparam, exists, func, literal, select, union_all
from sqlalchemy.orm import Session

from service.accounts import queries as accounts
from service.audit.models import AuditEntry
from service.audit.rules.acts import say
from service.mail.models import OutboxMessage
from service.safety.models import Alert, SafetyHold

RECENT = 30
RECENT_VISITORS = 10
OF_SYSTEM = Alert.source_kind == "system"


@dataclass(frozen=True, slots=True)
class HoldDetails:
    """A hold that stands, or stood."""

    id: UUID
    code: str
    patient_id: UUID | None
    patient_name: str
    placed_at: datetime
    lifted_at: datetime | None


@dataclass(frozen=True, slots=True)
class AlertDetails:
    """An alert as staff see it. `patient_name` is empty for somebody we do not know."""

    id: UUID
    code: str
    patient_id: UUID | None
    patient_name: str
    raised_at: datetime
    acknowledge_by: datetime
    level: int
    acknowledged_at: datetime | None
    acknowledged_by: str
    hold: HoldDetails | None
    source_id: UUID
    of_system: bool = False  # about the service itself, nobody's health


@dataclass(frozen=True, slots=True)
class VisitorAlerts:
    """The open alerts of one code about visitors without an account: nobody can reach them, so they stand together."""

    code: str
    count: int
    newest_at: datetime
    acknowledge_by: datetime


# Built once: it is asked on every home page, which asks it together with other rooms' questions.
HOLD_STANDS = exists().where(SafetyHold.patient_id == bindparam("patient_id"), SafetyHold.lifted_at.is_(None))


def standing_hold(session: Session, patient_id: UUID) -> bool:
    """Does a hold stand for this patient? While one does, nothing is charged, shipped or started."""
    return bool(session.scalar(select(HOLD_STANDS), {"patient_id": patient_id}))


def assessment_holds(session: Session, assessment_id: UUID) -> frozenset[str]:
    """The codes of the holds that stand on this assessment."""
    query = select(SafetyHold.code).where(
        SafetyHold.source_kind == "assessment",
        SafetyHold.source_id == assessment_id,
        SafetyHold.lifted_at.is_(None),
    )
    return frozenset(session.scalars(query))


def assessment_known(session: Session, assessment_id: UUID) -> bool:
    """Do the care team's alerts about this assessment say whom it is about?"""
    source = (Alert.source_kind == "assessment", Alert.source_id == assessment_id)
    return bool(session.scalar(select(exists().where(*source, Alert.patient_id.is_not(None)))))


def held_for(session: Session, patient_id: UUID, code: str) -> bool:
    """Does a hold of this code stand for this patient?"""
    return bool(session.scalar(select(HOLD_STANDS.where(SafetyHold.code == code)), {"patient_id": patient_id}))


def flagged(session: Session, patient_ids: Collection[UUID]) -> tuple[set[UUID], set[UUID]]:
    """Those of `patient_ids` for whom a hold stands, and those about whom an alert is open, in one statement."""
    holds = on_hold().where(SafetyHold.patient_id.in_(patient_ids)).add_columns(literal(True).label("hold"))
    alerts = alerted().where(Alert.patient_id.in_(patient_ids)).add_columns(literal(False))
    found: dict[bool, set[UUID]] = {True: set(), False: set()}
    for patient_id, hold in session.execute(union_all(holds, alerts)):
        found[hold].add(patient_id)
    return found[True], found[False]


def on_hold() -> Select[UUID | None]:
    """Everybody for whom a hold stands, as a part of somebody's statement."""
    return select(SafetyHold.patient_id).where(SafetyHold.patient_id.is_not(None), SafetyHold.lifted_at.is_(None))


def alerted() -> Select[UUID | None]:
    """Everybody about whom an alert is open, as a part of somebody's statement."""
    return select(Alert.patient_id).where(Alert.patient_id.is_not(None), Alert.acknowledged_at.is_(None))


def standing_holds(session: Session, patient_id: UUID) -> list[HoldDetails]:
    """A patient's standing holds, the oldest first."""
    rows = session.scalars(
        select(SafetyHold)
        .where(SafetyHold.patient_id == patient_id, SafetyHold.lifted_at.is_(None))
        .order_by(SafetyHold.placed_at)
    )
    name = _names(session, [patient_id]).get(patient_id, "")
    return [_hold(row, name) for row in rows]


def hold(session: Session, hold_id: UUID) -> HoldDetails | None:
    """One hold, or None."""
    row = session.get(SafetyHold, hold_id)
    if row is None:
        return None
    return _hold(row, _names(session, [row.patient_id]).get(row.patient_id, "") if row.patient_id else "")


def codes_raised(session: Session, source_kind: str, source_id: UUID) -> set[str]:
    """The codes of every alert this source ever raised, open or acknowledged."""
    query = select(Alert.code).where(Alert.source_kind == source_kind, Alert.source_id == source_id)
    return set(session.scalars(query))


def open_alerts(session: Session) -> list[AlertDetails]:
    """Every alert about a patient or the service that nobody has acknowledged, the nearest deadline first."""
    query = select(Alert).where(Alert.acknowledged_at.is_(None), Alert.patient_id.is_not(None) | OF_SYSTEM)
    return _details(session, list(session.scalars(query.order_by(Alert.acknowledge_by))))


def visitors_alerts(session: Session) -> list[VisitorAlerts]:
    """The open alerts about anonymous visitors, by code, the nearest deadline first; `acknowledge_by` is the first."""
    deadline = func.min(Alert.acknowledge_by)
    rows = session.execute(
        select(Alert.code, func.count(), func.max(Alert.raised_at), deadline)
        .where(Alert.acknowledged_at.is_(None), Alert.patient_id.is_(None), ~OF_SYSTEM)
        .group_by(Alert.code)
        .order_by(deadline)
    )
    return [VisitorAlerts(*row) for row in rows]


def patients_alerted(session: Session, patient_ids: Collection[UUID]) -> set[UUID]:
    """Those of `patient_ids` about whom an alert is open."""
    found = session.scalars(
        select(Alert.patient_id).where(Alert.patient_id.in_(patient_ids), Alert.acknowledged_at.is_(None))
    )
    return {patient_id for patient_id in found if patient_id is not None}


def recent_alerts(session: Session) -> list[AlertDetails]:
    """The last acknowledged alerts, patients' before visitors', the newest first, with holds that may still stand."""
    query = select(Alert).where(Alert.acknowledged_at.is_not(None)).order_by(Alert.acknowledged_at.desc())
    patients = session.scalars(query.where(Alert.patient_id.is_not(None)).limit(RECENT)).all()
    visitors = session.scalars(query.where(Alert.patient_id.is_(None)).limit(RECENT_VISITORS)).all()
    return _details(session, [*patients, *visitors])


def next_due_at(session: Session, after: datetime) -> datetime | None:
    """The next moment after `after` at which an alert climbs unless it is acknowledged."""
    return session.scalar(
        select(func.min(Alert.escalate_at)).where(Alert.acknowledged_at.is_(None), Alert.escalate_at > after)
    )


def happened(session: Session, since: datetime, until: datetime) -> list[tuple[datetime, str]]:
    """What came up in alerts after `since` and up to `until`, in neutral sentences, in order."""
    out: list[tuple[datetime, str]] = []
    raised = select(Alert.raised_at).where(Alert.raised_at > since, Alert.raised_at <= until)
    out += [(at, "An alert was raised for the care team") for at in session.scalars(raised)]
    taken = select(Alert.acknowledged_at).where(Alert.acknowledged_at > since, Alert.acknowledged_at <= until)
    out += [(at, "An alert was acknowledged") for at in session.scalars(taken) if at is not None]
    out += [(at, "An alert nobody had acknowledged called the next person") for at in _climbs(session, since, until)]
    return sorted(out)


def _climbs(session: Session, since: datetime, until: datetime) -> Iterable[datetime]:
    # An alert keeps its level, not the moments of its steps; the mails that went out at each step do.
    called = select(OutboxMessage.created_at).where(
        OutboxMessage.template.in_(("alert_escalated", "alerts_waiting")),
        OutboxMessage.created_at > since,
        OutboxMessage.created_at <= until,
    )
    return session.scalars(called.distinct())


def _names(session: Session, patient_ids: Collection[UUID]) -> dict[UUID, str]:
    found = accounts.patients(session, patient_ids)
    return {person.id: f"{person.given_name} {person.family_name}" for person in found.values()}


def _hold(row: SafetyHold, name: str) -> HoldDetails:
    return HoldDetails(row.id, row.code, row.patient_id, name, row.placed_at, row.lifted_at)


def _details(session: Session, rows: list[Alert]) -> list[AlertDetails]:
    names = _names(session, {row.patient_id for row in rows if row.patient_id is not None})
    of_these = select(SafetyHold).where(SafetyHold.source_id.in_({row.source_id for row in rows}))
    # Of several of one source and code the last one counts: the one that stands, else the newest.
    found = session.scalars(of_these.order_by(SafetyHold.placed_at, SafetyHold.lifted_at.asc().nulls_last()))
    staff = accounts.display_names(session, {row.acknowledged_by for row in rows if row.acknowledged_by})
    holds = {(item.source_kind, item.source_id, item.code): item for item in found}
    out = []
    for row in rows:
        name = names.get(row.patient_id, "") if row.patient_id else ""
        own = holds.get((row.source_kind, row.source_id, row.code))
        out.append(
            AlertDetails(
                id=row.id,
                code=row.code,
                patient_id=row.patient_id,
                patient_name=name,
                raised_at=row.raised_at,
                acknowledge_by=row.acknowledge_by,
                level=row.level,
                acknowledged_at=row.acknowledged_at,
                acknowledged_by=staff.get(row.acknowledged_by, "") if row.acknowledged_by else "",
                hold=_hold(own, name) if own else None,
                source_id=row.source_id,
                of_system=row.source_kind == "system",
            )
        )
    return out


@dataclass(frozen=True, slots=True)
class Seen:
    """One thing that was done or opened during an emergency look. `act` is English, to be translated where it shows."""

    at: datetime
    act: str
    turned_down: bool


def seen_during(
    session: Session, *, patient_id: UUID, user_id: UUID, since: datetime, until: datetime, limit: int
) -> list[Seen]:
    """What the trail says one person did with one patient's record from `since` to `until`, the earliest first."""
    rows = session.execute(
        select(AuditEntry.at, AuditEntry.action, AuditEntry.subject_kind, AuditEntry.outcome)
        .where(
            AuditEntry.patient_id == patient_id,
            AuditEntry.actor_id == user_id,
            AuditEntry.at >= since,
            AuditEntry.at < until,
        )
        .order_by(AuditEntry.at, AuditEntry.id)
        .limit(limit)
    )
    return [Seen(row.at, say(row.action, row.subject_kind), row.outcome != "done") for row in rows]
