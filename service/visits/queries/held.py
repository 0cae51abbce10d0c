"""What the state-rule engine asks about visits: a clinician's licences, and where a patient last was."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from service.accounts.models import User
from service.catalog.rules.engine import Held
from service.visits.models import Encounter, LicenseRecord, Practitioner
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


def held_here(session: Session, practitioner_id: UUID, on: date) -> tuple[Held, ...]:
    """As `held_by`, while they practise here on that day. Whoever has left, or whose account is closed, holds nothing
    that care with us could rest on, however long their licences last.
    """
    rows = session.execute(
        select(LicenseRecord.kind, LicenseRecord.state, LicenseRecord.expires_on, LicenseRecord.ended_at)
        .join(Practitioner, Practitioner.id == LicenseRecord.practitioner_id)
        .join(User, User.id == Practitioner.user_id)
        .where(
            Practitioner.id == practitioner_id,
            or_(Practitioner.left_on.is_(None), Practitioner.left_on > on),
            User.deactivated_at.is_(None),
            User.role == "clinician",
        )
    )
    return tuple(
        Held(kind=one.kind, state=one.state, expires_on=one.expires_on, ended=one.ended_at is not None) for one in rows
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
