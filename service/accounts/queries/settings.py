"""What somebody finds on their own settings pages."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from service.accounts.models import OneTimeLink, Patient, User
from service.accounts.queries.people import names_of
from service.accounts.rules.links import NEW_EMAIL
from service.kit import crypto


@dataclass(frozen=True, slots=True)
class Address:
    """Where post goes, beside the ZIP."""

    line1: str
    line2: str
    city: str


@dataclass(frozen=True, slots=True)
class EmergencyContact:
    """Whom to call when something happens. `phone` is E.164."""

    name: str
    relation: str
    phone: str


@dataclass(frozen=True, slots=True)
class OwnPatient:
    """What a patient told us about themselves, beside their care."""

    id: UUID
    given_name: str
    family_name: str
    preferred_name: str
    pronouns: str
    phone: str
    address: Address | None
    emergency_contact: EmergencyContact | None
    zip_code: str
    state: str
    county_fips: str
    time_zone: str
    care_language: str


@dataclass(frozen=True, slots=True)
class OwnSettings:
    """One person's settings; `patient` is None for staff."""

    names: tuple[str, str]
    email: str
    role: str | None
    locale: str
    time_zone: str | None
    patient: OwnPatient | None


def own_settings(session: Session, user_id: UUID) -> OwnSettings:
    """One person's settings, unsealed, in one statement. For that person alone."""
    user, patient = session.execute(
        select(User, Patient).outerjoin(Patient, Patient.user_id == User.id).where(User.id == user_id)
    ).one()
    return OwnSettings(
        names=names_of(user.display_name_sealed, user_id),
        email=crypto.unseal(user.email_sealed, "users", "email", user_id),
        role=user.role,
        locale=user.locale,
        time_zone=patient.time_zone if patient else user.time_zone,
        patient=own_patient(patient) if patient else None,
    )


def pending_email(session: Session, user_id: UUID, wall_now: datetime) -> str | None:
    """The address that a change under way would give the account, while its link works."""
    link = session.scalars(
        select(OneTimeLink)
        .where(
            OneTimeLink.user_id == user_id,
            OneTimeLink.purpose == NEW_EMAIL,
            OneTimeLink.used_at.is_(None),
            OneTimeLink.expires_at > wall_now,
        )
        .order_by(OneTimeLink.created_at.desc())
        .limit(1)
    ).one_or_none()
    if link is None or link.detail_sealed is None:
        return None
    return str(crypto.unseal_json(link.detail_sealed, "one_time_links", "detail", link.id)["email"])


def own_patient(row: Patient) -> OwnPatient:
    """A patient's row, unsealed."""

    def text(column: str) -> str:
        sealed = getattr(row, f"{column}_sealed")
        return crypto.unseal(sealed, "patients", column, row.id) if sealed is not None else ""

    def parts(column: str) -> dict[str, str]:
        sealed = getattr(row, f"{column}_sealed")
        return dict(crypto.unseal_json(sealed, "patients", column, row.id)) if sealed is not None else {}

    address, contact = parts("address"), parts("emergency_contact")
    return OwnPatient(
        id=row.id,
        given_name=text("given_name"),
        family_name=text("family_name"),
        preferred_name=text("preferred_name"),
        pronouns=text("pronouns"),
        phone=text("phone"),
        address=Address(**address) if address else None,
        emergency_contact=EmergencyContact(**contact) if contact else None,
        zip_code=text("zip"),
        state=row.state,
        county_fips=row.county_fips,
        time_zone=row.time_zone,
        care_language=row.care_language,
    )
