"""Who may see patients, and where."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from service.visits.models import LicenseRecord
from service.visits.models import Practitioner as PractitionerRow
from service.visits.rules.encounters import PRACTICE_KINDS
from service.visits.rules.licenses import KINDS
from service.visits.rules.times import local_day


@dataclass(frozen=True, slots=True)
class Practitioner:
    """A clinician as patients see them: a name with its degree and licence type."""

    id: UUID
    number: int
    user_id: UUID
    name: str
    credentials: str
    time_zone: str
    left_on: date | None
    board: str = ""
    npi: str = ""
    phone: str = ""

    @property
    def title(self) -> str:
        """The name with its degree."""
        return f"{self.name}, {self.credentials}"

    def has_left(self, moment: datetime) -> bool:
        """Do they see nobody any more on the day their calendar shows then?"""
        return self.left_on is not None and self.left_on <= local_day(moment, self.time_zone)


@dataclass(frozen=True, slots=True)
class License:
    """The licence of a practitioner that carries furthest in one state."""

    id: UUID
    practitioner_id: UUID
    state: str
    kind: str
    number: str
    expires_on: date


PRACTITIONER: tuple[Any, ...] = (
    PractitionerRow.id,
    PractitionerRow.number,
    PractitionerRow.user_id,
    PractitionerRow.display_name,
    PractitionerRow.credentials,
    PractitionerRow.time_zone,
    PractitionerRow.left_on,
    PractitionerRow.board,
    PractitionerRow.npi,
    PractitionerRow.phone,
)


def practitioner_of(session: Session, user_id: UUID) -> Practitioner | None:
    """The practitioner behind a staff account, or None."""
    row = session.execute(select(*PRACTITIONER).where(PractitionerRow.user_id == user_id)).one_or_none()
    return None if row is None else Practitioner(*row)


def practitioner(session: Session, practitioner_id: UUID) -> Practitioner | None:
    """One practitioner, or None."""
    row = session.execute(select(*PRACTITIONER).where(PractitionerRow.id == practitioner_id)).one_or_none()
    return None if row is None else Practitioner(*row)


def license_for(session: Session, practitioner_id: UUID, state: str) -> License | None:
    """The practitioner's licence in `state` that expires last, expired or not; None where there is none,
    or where it was ended."""
    row = session.execute(
        select(
            LicenseRecord.id,
            LicenseRecord.practitioner_id,
            LicenseRecord.state,
            LicenseRecord.kind,
            LicenseRecord.number,
            LicenseRecord.expires_on,
        )
        .where(
            LicenseRecord.practitioner_id == practitioner_id,
            LicenseRecord.state == state,
            LicenseRecord.kind.in_(PRACTICE_KINDS),
            LicenseRecord.ended_at.is_(None),
        )
        .order_by(LicenseRecord.expires_on.desc(), LicenseRecord.id)
        .limit(1)
    ).one_or_none()
    return None if row is None else License(*row)


@dataclass(frozen=True, slots=True)
class Held:
    """A licence or registration as it stands on file, in force or not."""

    id: UUID
    kind: str
    state: str
    number: str
    expires_on: date
    verified_at: datetime
    source: str
    ended_at: datetime | None


HELD: tuple[Any, ...] = (
    LicenseRecord.id,
    LicenseRecord.kind,
    LicenseRecord.state,
    LicenseRecord.number,
    LicenseRecord.expires_on,
    LicenseRecord.verified_at,
    LicenseRecord.source,
    LicenseRecord.ended_at,
)


def licenses_of(session: Session, practitioner_id: UUID) -> tuple[Held, ...]:
    """Everything on file for a practitioner: by state, licences before registrations; ended ones too."""
    rows = session.execute(select(*HELD).where(LicenseRecord.practitioner_id == practitioner_id))
    return tuple(sorted((Held(*row) for row in rows), key=lambda one: (one.state, KINDS.index(one.kind))))
