"""The audit trail for those who may read it: a page at a time, newest first, and how its chain stands."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, func, or_, select, tuple_
from sqlalchemy.orm import Session

from service.accounts.models import BreakGlass, User
from service.accounts.queries.people import names_of
from service.audit import queries as chain
from service.audit.models import AuditEntry
from service.audit.rules.acts import BREAK_GLASS, GROUPS, say, say_to_patient

Place = tuple[datetime, int]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is looked for; None is no limit. `group` is one of GROUPS; `until` is not included."""

    patient_id: UUID | None = None
    actor_id: UUID | None = None
    actor_kind: str | None = None
    group: str | None = None
    outcome: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    people_only: bool = False  # without what the service did by itself


@dataclass(frozen=True, slots=True)
class Line:
    """One act. `name` and `role` only for staff; `act` is English, to be translated where it is shown."""

    id: int
    at: datetime
    actor_kind: str
    actor_id: UUID | None
    name: str
    role: str | None
    act: str
    action: str
    patient_id: UUID | None
    reason: str | None
    address: str | None
    outcome: str
    glass: bool = False  # done through a door opened from outside the care team

    @property
    def place(self) -> Place:
        """Where the next page goes on."""
        return self.at, self.id


@dataclass(frozen=True, slots=True)
class Chain:
    """How the chain stands: sealed up to where and when, what waits, and when the head was last anchored."""

    position: int
    sealed_at: datetime | None
    oldest_waiting: datetime | None
    anchored_at: datetime | None


def lines(session: Session, wanted: Wanted, *, before: Place | None = None, limit: int) -> list[Line]:
    """Up to `limit` acts before the place `before`, newest first. Two statements."""
    query = select(*chain.COLUMNS).where(*_conditions(wanted))
    if before is not None:
        query = query.where(tuple_(AuditEntry.at, AuditEntry.id) < before)
    rows = session.execute(query.order_by(AuditEntry.at.desc(), AuditEntry.id.desc()).limit(limit)).all()
    people = _staff(session, {row.actor_id for row in rows if row.actor_kind == "staff" and row.actor_id})
    return [_line(row, people) for row in rows]


def marked(session: Session, found: Iterable[Line], patient_id: UUID) -> list[Line]:
    """The same lines of one patient's record, those marked that were done after breaking the glass. One statement."""
    broken = session.execute(
        select(BreakGlass.user_id, BreakGlass.opened_at, BreakGlass.expires_at).where(
            BreakGlass.patient_id == patient_id
        )
    ).all()
    out = []
    for line in found:
        through = any(
            user_id == line.actor_id and opened_at <= line.at < expires_at for user_id, opened_at, expires_at in broken
        )
        out.append(replace(line, glass=through or line.action == BREAK_GLASS))
    return out


def told(found: Iterable[Line]) -> list[Line]:
    """The same lines in the words for the person whose record it is."""
    return [
        replace(line, act=say_to_patient(line.action, "record")) if line.action.startswith("legal_hold.") else line
        for line in found
    ]


def together(found: Iterable[Line], zone: str) -> list[tuple[Line, int]]:
    """Lines that follow each other, of one person on one day in `zone`, with the same act: the newest and how many."""

    def same(line: Line) -> tuple[Any, ...]:
        day = line.at.astimezone(ZoneInfo(zone)).date()
        return day, line.actor_kind, line.actor_id, line.act, line.outcome, line.glass

    groups = (list(group) for _, group in groupby(found, key=same))
    return [(group[0], len(group)) for group in groups]


def by_itself(session: Session, patient_id: UUID, since: datetime) -> list[tuple[str, int]]:
    """What the service did by itself with one patient's record after `since`: acts in English and how often."""
    rows = session.execute(
        select(AuditEntry.action, AuditEntry.subject_kind, func.count())
        .where(AuditEntry.patient_id == patient_id, AuditEntry.actor_kind == "system", AuditEntry.at > since)
        .group_by(AuditEntry.action, AuditEntry.subject_kind)
    )
    counts: dict[str, int] = {}
    for action, subject_kind, number in rows:
        act = say(action, subject_kind)
        counts[act] = counts.get(act, 0) + number
    return sorted(counts.items(), key=lambda one: (-one[1], one[0]))


def chain_state(session: Session, wall_now: datetime) -> Chain:
    """Read the chain's head, what waits longer than it should, and the last note of an anchor."""
    chain.read_only_the_window(session)
    newest, anchored = chain.newest(session), chain.anchored_at(session, wall_now)
    waiting = chain.oldest_unsealed(session, newest.since, wall_now - timedelta(seconds=60))
    return Chain(newest.head.position, newest.sealed_at, waiting, anchored)


def staff_names(session: Session) -> list[tuple[UUID, str]]:
    """Everybody who is or was on the team, by name."""
    found = _staff(session, None)
    return sorted(((user_id, name) for user_id, (name, _) in found.items()), key=lambda one: one[1].casefold())


def _staff(session: Session, ids: set[UUID] | None) -> dict[UUID, tuple[str, str | None]]:
    if ids is not None and not ids:
        return {}
    query = select(User.id, User.role, User.display_name_sealed)
    query = query.where(User.kind == "staff") if ids is None else query.where(User.id.in_(ids))
    return {
        row.id: (" ".join(part for part in names_of(row.display_name_sealed, row.id) if part), row.role)
        for row in session.execute(query)
    }


def _conditions(wanted: Wanted) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    for column, value in (
        (AuditEntry.patient_id, wanted.patient_id),
        (AuditEntry.actor_id, wanted.actor_id),
        (AuditEntry.actor_kind, wanted.actor_kind),
        (AuditEntry.outcome, wanted.outcome),
    ):
        if value is not None:
            conditions.append(column == value)
    if wanted.group is not None:
        starts = GROUPS[wanted.group][1]
        conditions.append(or_(*(AuditEntry.action.startswith(start, autoescape=True) for start in starts)))
    if wanted.people_only:
        conditions.append(AuditEntry.actor_kind != "system")
    if wanted.since is not None:
        conditions.append(AuditEntry.at >= wanted.since)
    if wanted.until is not None:
        conditions.append(AuditEntry.at < wanted.until)
    return conditions


def _line(row: Any, people: dict[UUID, tuple[str, str | None]]) -> Line:
    name, role = people.get(row.actor_id, ("", None))
    return Line(
        id=row.id,
        at=row.at,
        actor_kind=row.actor_kind,
        actor_id=row.actor_id,
        name=name,
        role=role,
        act=say(row.action, row.subject_kind),
        action=row.action,
        patient_id=row.patient_id,
        reason=row.reason,
        address=row.address,
        outcome=row.outcome,
    )
