"""How requests about people's own data stand, for staff."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from service.accounts import queries as accounts
from service.audit import writes as audit
from service.kit import db
from service.kit.actor import Actor
from service.kit.errors import NotAllowed, words
from service.privacy import queries

MAY_SEE = ("owner", "coordinator", "auditor")


@dataclass(frozen=True, slots=True)
class Line:
    """A patient, what it is about, and since when."""

    patient_id: UUID
    patient_name: str
    status: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Desk:
    """Copies in trouble, closed accounts (the latest), and what was removed: counts alone."""

    copies: list[Line]
    closed: list[Line]
    runs: list[tuple[datetime, dict[str, int]]]


def open_desk(*, actor: Actor) -> Desk:
    """The page's content; whose names it showed is noted. Raises NotAllowed for other roles."""
    if actor.kind != "staff" or actor.role not in MAY_SEE:
        raise NotAllowed("not_your_task", words("Your role cannot see this."))
    with db.transaction() as session:
        copies = queries.unfinished(session)
        closed = queries.closed_accounts(session)
        ids = {patient_id for patient_id, _, _ in copies} | {patient_id for patient_id, _ in closed}
        people = accounts.patients(session, ids)
        names = {key: f"{person.given_name} {person.family_name}" for key, person in people.items()}
        audit.record_many(session, actor, "record.view", "data_request", [(None, patient_id) for patient_id in ids])
        return Desk(
            [Line(patient_id, names[patient_id], status, at) for patient_id, status, at in copies],
            [Line(patient_id, names[patient_id], "closed", at) for patient_id, at in closed],
            queries.runs(session, 14),
        )
