"""What the state-rule engine asks about visits: a clinician's licences, and where a patient last was."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from service.catalog.rules.engine import Held
from service.visits.models import Encounter
from service.visits.queries.clinicians import licenses_of


@dataclass(frozen=True, slots=True)
class LastSeen:
    """A patient's latest signed visit: with whom, and where they were. What they attest since raises AWAY's hold."""

    practitioner_id: UUID
    location: str


def held_by(session: Session, practitioner_id: UUID) -> tuple[Held, ...]:
    """Everything a practitioner holds, as the engine counts it: what was ended counts no more."""
    return tuple(
        Held(kind=one.kind, state=one.state, expires_on=one.expires_on, ended=one.ended_at is not None)
        for one in licenses_of(session, practitioner_id)
    )


def last_seen(session: Session, patient_id: UUID) -> LastSeen | None:
    """None for somebody whom no clinician has seen."""
    seen = session.execute(
        select(Encounter.practitioner_id, Encounter.patient_state)
        .where(Encounter.patient_id == patient_id)
        .order_by(Encounter.signed_at.desc())
        .limit(1)
    ).one_or_none()
    return None if seen is None else LastSeen(*seen)
