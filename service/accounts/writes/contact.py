"""Where a patient lives, inside the caller's transaction. (The use case is enrollment's: it decides where we may.)"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from service.accounts.models import Patient
from service.accounts.queries.settings import Address, OwnPatient, own_patient
from service.kit import crypto


@dataclass(frozen=True, slots=True)
class Home:
    """Where somebody lives. `county_fips` is empty outside the states we know."""

    address: Address
    zip_code: str
    state: str
    county_fips: str
    time_zone: str


def locked_patient(session: Session, user_id: UUID) -> OwnPatient:
    """What a patient told us, their row locked until the transaction ends."""
    return own_patient(_row(session, user_id))


def change_home(session: Session, user_id: UUID, home: Home) -> None:
    """The patient behind `user_id` lives there from now on."""
    row = _row(session, user_id)
    kept = {"line1": home.address.line1, "line2": home.address.line2, "city": home.address.city}
    row.address_sealed = crypto.seal_json(kept, "patients", "address", row.id)
    row.zip_sealed = crypto.seal(home.zip_code, "patients", "zip", row.id)
    row.state, row.county_fips, row.time_zone = home.state, home.county_fips, home.time_zone


def _row(session: Session, user_id: UUID) -> Patient:
    return session.scalars(select(Patient).where(Patient.user_id == user_id).with_for_update()).one()
