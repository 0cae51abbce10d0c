"""Of a copy: who the person is to us, and how they sign in."""

from __future__ import annotations

import json
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from service.accounts.models import KnownDevice, Passkey, Patient, RecoveryCode, SignIn, User
from service.accounts.queries import display_name
from service.accounts.queries.demographics import demographics
from service.accounts.rules.demographics import ETHNICITY, RACE, SEX, Demographics
from service.catalog.rules.whole import Catalog
from service.kit import crypto
from service.privacy.rules import Section


def account(session: Session, user_id: UUID) -> Section:
    """The account: address, language, and what proves that it is you."""
    row = session.get_one(User, user_id)
    codes = select(func.count()).where(
        RecoveryCode.user_id == user_id, RecoveryCode.used_at.is_(None), RecoveryCode.replaced_at.is_(None)
    )
    passkeys = session.scalars(select(Passkey).where(Passkey.user_id == user_id).order_by(Passkey.created_at))
    entry = {
        "email": crypto.unseal(row.email_sealed, "users", "email", user_id),
        "email_confirmed_at": row.email_confirmed_at,
        "name_shown": display_name(session, user_id),
        "language": row.locale,
        "joined_at": row.created_at,
        "closed_at": row.deactivated_at,
        "password_changed_at": row.password_changed_at,
        "uses_an_authenticator_app": row.totp_sealed is not None,
        "recovery_codes_left": session.scalar(codes) or 0,
        "passkeys": [
            {
                "name": crypto.unseal(key.name_sealed, "passkeys", "name", key.id),
                "added_at": key.created_at,
                "last_used_at": key.used_at,
                "removed_at": key.removed_at,
            }
            for key in passkeys
        ],
    }
    return Section("account", "Your account", [entry])


def profile(session: Session, patient_id: UUID, catalog: Catalog) -> Section:
    """What you told us about yourself."""
    row = session.get_one(Patient, patient_id)

    def opened(column: str) -> str | None:
        sealed = getattr(row, f"{column}_sealed")
        return None if sealed is None else crypto.unseal(sealed, "patients", column, patient_id)

    state = catalog.states.get(row.state)
    county = state.county(row.county_fips) if state else None
    entry = {
        "first_name": opened("given_name"),
        "family_name": opened("family_name"),
        "preferred_name": opened("preferred_name"),
        "pronouns": opened("pronouns"),
        "born_on": date.fromisoformat(opened("date_of_birth") or ""),
        "phone": opened("phone"),
        "address": _table(opened("address")),
        "zip": opened("zip"),
        "county": county.name if county else row.county_fips,
        "state": state.name if state else row.state,
        "time_zone": row.time_zone,
        "language_we_speak_with_you": row.care_language,
        "emergency_contact": _table(opened("emergency_contact")),
        "told_for_counts": _told(demographics(session, patient_id)),
    }
    return Section("profile", "About you", [entry])


def _table(text: str | None) -> list[dict[str, Any]]:
    """A sealed JSON object as one row; an empty list where nothing was told."""
    value = json.loads(text) if text else None
    return [value] if isinstance(value, dict) else []


def _told(known: Demographics) -> list[dict[str, Any]]:
    """Sex, race and ethnicity as one row; an empty list where nothing was told."""
    if not known.told:
        return []
    race = ", ".join(RACE.get(code, code) for code in known.race)
    ethnicity = ETHNICITY.get(known.ethnicity, known.ethnicity)
    return [{"sex": SEX.get(known.sex, known.sex), "race": race, "ethnicity": ethnicity}]


def devices(session: Session, user_id: UUID) -> Section:
    """Sign-ins that we still keep, the oldest first."""
    known = {row.id: row for row in session.scalars(select(KnownDevice).where(KnownDevice.user_id == user_id))}
    entries = []
    for row in session.scalars(select(SignIn).where(SignIn.user_id == user_id).order_by(SignIn.created_at)):
        device = known.get(row.device_id) if row.device_id else None
        entries.append(
            {
                "signed_in_at": row.created_at,
                "last_seen_at": row.seen_at,
                "ended_at": row.revoked_at,
                "browser": _opened(row.agent_sealed, "agent", row.id),
                "network_address": _opened(row.address_sealed, "address", row.id),
                "device_known_since": device.first_seen_at if device else None,
            }
        )
    return Section("sign_ins", "Where you signed in", entries)


def _opened(sealed: bytes | None, column: str, row_id: UUID) -> str | None:
    return None if sealed is None else crypto.unseal(sealed, "sign_ins", column, row_id)
