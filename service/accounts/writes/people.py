"""New accounts and the patients behind them."""

from __future__ import annotations

import json
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from service.accounts.models import Patient, User
from service.accounts.queries import email_index, user_by_email
from service.kit import crypto
from service.kit.ids import new_id


def create_user(
    session: Session,
    *,
    kind: str,
    role: str | None,
    email: str,
    password_hash: str,
    names: tuple[str, str],
    locale: str,
    now: datetime,
    confirmed_at: datetime | None = None,
) -> UUID | None:
    """Add an account. Returns its id, or None when somebody proved the normalised address already."""
    if user_by_email(session, email) is not None:
        return None
    values = _values(email, password_hash, names, locale, now)
    statement = (
        insert(User)
        .values(kind=kind, role=role, email_confirmed_at=confirmed_at, **values)
        .on_conflict_do_nothing(index_elements=["email_index"], index_where=User.email_confirmed_at.is_not(None))
        .returning(User.id)
    )
    return session.execute(statement).scalar()


def _values(email: str, password_hash: str, names: tuple[str, str], locale: str, now: datetime) -> dict[str, Any]:
    user_id = new_id()
    return {
        "id": user_id,
        "email_sealed": crypto.seal(email, "users", "email", user_id),
        "email_index": email_index(email),
        "password_hash": password_hash,
        "display_name_sealed": crypto.seal(json.dumps(names), "users", "display_name", user_id),
        "locale": locale,
        "created_at": now,
    }


def create_patient_user(
    session: Session,
    *,
    email: str,
    password_hash: str,
    given_name: str,
    family_name: str,
    locale: str,
    now: datetime,
) -> UUID:
    """Add a patient's account, its address not yet proved: a claim, whoever owns the address. Returns its id.

    Nobody looks here whether there is an owner: known and unknown addresses make the same statements.
    """
    values = _values(email, password_hash, (given_name, family_name), locale, now)
    session.execute(insert(User).values(kind="patient", **values))
    user_id: UUID = values["id"]
    return user_id


def create_patient(
    session: Session,
    *,
    user_id: UUID,
    given_name: str,
    family_name: str,
    date_of_birth: date,
    state: str,
    county_fips: str,
    zip_code: str,
    time_zone: str,
    now: datetime,
    phone: str = "",
) -> UUID:
    """Add the patient behind an account, with their number (E.164) if they gave one. Returns the patient's id."""
    patient_id = new_id()

    def sealed(column: str, value: str) -> bytes:
        return crypto.seal(value, "patients", column, patient_id)

    session.add(
        Patient(
            id=patient_id,
            user_id=user_id,
            given_name_sealed=sealed("given_name", given_name),
            family_name_sealed=sealed("family_name", family_name),
            date_of_birth_sealed=sealed("date_of_birth", date_of_birth.isoformat()),
            state=state,
            county_fips=county_fips,
            zip_sealed=sealed("zip", zip_code),
            phone_sealed=sealed("phone", phone) if phone else None,
            time_zone=time_zone,
            created_at=now,
        )
    )
    session.flush()
    return patient_id
