"""Who may be booked at all: practitioners, their licences and their hours. Inside the caller's transaction."""

from __future__ import annotations

from datetime import date, datetime, time
from uuid import UUID

from sqlalchemy.orm import Session

from service.kit.ids import new_id
from service.visits.models import LicenseRecord, OpenHours
from service.visits.models import Practitioner as PractitionerRow
from service.visits.rules.encounters import PRACTICE_KINDS


def add_practitioner(session: Session, *, user_id: UUID, display_name: str, credentials: str, time_zone: str) -> UUID:
    """Make a clinician's account somebody patients can book. Returns the practitioner's id."""
    practitioner_id = new_id()
    session.add(
        PractitionerRow(
            id=practitioner_id,
            user_id=user_id,
            display_name=display_name,
            credentials=credentials,
            time_zone=time_zone,
        )
    )
    session.flush()
    return practitioner_id


def add_license(
    session: Session,
    *,
    practitioner_id: UUID,
    state: str,
    number: str,
    expires_on: date,
    verified_at: datetime,
    kind: str = "physician",
) -> UUID:
    """Record a licence of one of `rules.encounters.PRACTICE_KINDS`. Raises ValueError for another kind."""
    if kind not in PRACTICE_KINDS:
        raise ValueError(f"{kind} is not a licence to see patients")
    license_id = new_id()
    session.add(
        LicenseRecord(
            id=license_id,
            practitioner_id=practitioner_id,
            state=state,
            kind=kind,
            number=number,
            expires_on=expires_on,
            verified_at=verified_at,
        )
    )
    session.flush()
    return license_id


def add_open_hours(session: Session, *, practitioner_id: UUID, weekday: int, starts: time, ends: time) -> None:
    """Open a weekly stretch on the practitioner's own wall clock. Monday is 0."""
    session.add(OpenHours(id=new_id(), practitioner_id=practitioner_id, weekday=weekday, starts=starts, ends=ends))
    session.flush()
