"""People by id or address, and what they are called."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import Row, bindparam, select
from sqlalchemy.orm import Session

from service.accounts.models import Patient, User
from service.accounts.rules import CLAIMS_HEARD
from service.kit import crypto
from service.kit.commands import Command


@dataclass(frozen=True, slots=True)
class PatientDetails:
    """A patient, unsealed. For actions and for pages the patient or their care team may see."""

    id: UUID
    user_id: UUID
    given_name: str
    family_name: str
    date_of_birth: date
    state: str
    county_fips: str
    zip_code: str
    time_zone: str
    locale: str


def email_index(address: str) -> bytes:
    """The look-up key of a normalised address."""
    return crypto.index(address, "email")


def closed_index(user_id: UUID) -> bytes:
    """What stands in the place of the look-up key of an account that was closed: no address leads to it."""
    return crypto.index(f"closed:{user_id}", "email")


def user_by_email(session: Session, address: str) -> User | None:
    """The account that proved a normalised address, deactivated or not."""
    query = select(User).where(User.email_index == email_index(address), User.email_confirmed_at.is_not(None))
    return session.scalars(query).one_or_none()


def claims(session: Session, index: bytes) -> list[User]:
    """Who joined with the address behind `index` and has not proved it, the newest first; ten at most."""
    query = select(User).where(
        User.email_index == index, User.email_confirmed_at.is_(None), User.deactivated_at.is_(None)
    )
    return list(session.scalars(query.order_by(User.created_at.desc(), User.id.desc()).limit(CLAIMS_HEARD)))


def names_of(sealed: bytes | None, user_id: UUID) -> tuple[str, str]:
    """(first, last) of an account's sealed display name."""
    if sealed is None:
        return "", ""
    given, family = json.loads(crypto.unseal(sealed, "users", "display_name", user_id))
    return given, family


def display_name(session: Session, user_id: UUID) -> str:
    """A person's full name, or an empty text."""
    return display_names(session, [user_id]).get(user_id, "")


def display_names(session: Session, ids: Iterable[UUID]) -> dict[UUID, str]:
    """The full names of several people by their user ids, in one statement; unknown ids are left out."""
    wanted = set(ids)
    if not wanted:
        return {}
    rows = session.execute(select(User.id, User.display_name_sealed).where(User.id.in_(wanted)))
    return {row.id: " ".join(part for part in names_of(row.display_name_sealed, row.id) if part) for row in rows}


def staff_names(session: Session, ids: Iterable[UUID]) -> dict[UUID, str]:
    """The same of staff alone, for ids that somebody sent us: no patient's name comes of one."""
    wanted = set(ids)
    if not wanted:
        return {}
    return display_names(session, session.scalars(select(User.id).where(User.id.in_(wanted), User.kind == "staff")))


def address_of(session: Session, user_id: UUID) -> tuple[str, str, str] | None:
    """(e-mail address, first name, locale) of an active account, or None."""
    row = session.execute(
        select(User.email_sealed, User.display_name_sealed, User.locale).where(
            User.id == user_id, User.deactivated_at.is_(None)
        )
    ).one_or_none()
    if row is None:
        return None
    address = crypto.unseal(row.email_sealed, "users", "email", user_id)
    return address, names_of(row.display_name_sealed, user_id)[0], row.locale


def staff_ids(session: Session, *roles: str) -> list[UUID]:
    """Active staff with one of `roles`, the longest-serving first."""
    return list(
        session.scalars(
            select(User.id)
            .where(User.kind == "staff", User.role.in_(roles), User.deactivated_at.is_(None))
            .order_by(User.created_at, User.id)
        )
    )


def _columns() -> tuple[object, ...]:
    return (
        Patient.id,
        Patient.user_id,
        Patient.given_name_sealed,
        Patient.family_name_sealed,
        Patient.date_of_birth_sealed,
        Patient.state,
        Patient.county_fips,
        Patient.zip_sealed,
        Patient.time_zone,
        User.locale,
    )


def _details(row: Row[tuple[object, ...]]) -> PatientDetails:
    def opened(column: str) -> str:
        return crypto.unseal(getattr(row, f"{column}_sealed"), "patients", column, row.id)

    return PatientDetails(
        id=row.id,
        user_id=row.user_id,
        given_name=opened("given_name"),
        family_name=opened("family_name"),
        date_of_birth=date.fromisoformat(opened("date_of_birth")),
        state=row.state,
        county_fips=row.county_fips,
        zip_code=opened("zip"),
        time_zone=row.time_zone,
        locale=row.locale,
    )


def patients(session: Session, ids: Iterable[UUID]) -> dict[UUID, PatientDetails]:
    """Several patients by id; unknown ids are left out."""
    wanted = list(ids)
    if not wanted:
        return {}
    query = select(*_columns()).join(User, User.id == Patient.user_id).where(Patient.id.in_(wanted))  # type: ignore[call-overload]
    return {row.id: _details(row) for row in session.execute(query)}


def patient(session: Session, patient_id: UUID) -> PatientDetails:
    """One patient. Raises KeyError for an unknown id: callers hold ids that a foreign key vouches for."""
    return patients(session, [patient_id])[patient_id]


@dataclass(frozen=True, slots=True)
class Addressee:
    """Whom a mail goes to, in which language and by whose clock: nothing that is sealed."""

    user_id: UUID
    locale: str
    time_zone: str


_ADDRESSEE = Command(
    select(Patient.user_id, User.locale, Patient.time_zone)
    .join(User, User.id == Patient.user_id)
    .where(Patient.id == bindparam("patient"))
)


def addressee(session: Session, patient_id: UUID) -> Addressee:
    """To whom a patient's mail goes. Raises KeyError for an unknown id."""
    row = _ADDRESSEE.run(session, patient=patient_id)
    if row is None:
        raise KeyError(patient_id)
    return Addressee(*row)
