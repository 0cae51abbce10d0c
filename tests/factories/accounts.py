"""Accounts for tests."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import count
from uuid import UUID

import pyotp

from service.accounts import writes
from service.accounts.models import User
from service.kit import crypto, db
from service.kit.passwords import hash_password

PASSWORD = "a long enough secret"
_HASH = hash_password(PASSWORD)
_numbers = count(1)

PLACES = {
    "FL": ("12086", "33101", "America/New_York"),
    "NJ": ("34013", "07102", "America/New_York"),
    "FL-central": ("12033", "32501", "America/Chicago"),
}


@dataclass(frozen=True)
class Person:
    """Who was made."""

    user_id: UUID
    email: str
    patient_id: UUID | None = None
    totp_secret: str | None = None


def a_patient(
    place: str = "FL",
    *,
    given_name: str = "Ana",
    family_name: str = "Rivera",
    born: date = date(1990, 5, 17),
    confirmed: bool = True,
    asked: bool = True,
    email: str | None = None,
    now: datetime = datetime(2026, 11, 1, 12, 0, tzinfo=UTC),
) -> Person:
    """A patient with an account. `place` is FL, NJ or FL-central; `asked`: they said "not now" to a second step."""
    county, zip_code, zone = PLACES[place]
    address = email or f"patient{next(_numbers)}@example.com"
    with db.transaction() as session:
        user_id = writes.create_patient_user(
            session,
            email=address,
            password_hash=_HASH,
            given_name=given_name,
            family_name=family_name,
            locale="en",
            now=now,
        )
        assert user_id is not None
        patient_id = writes.create_patient(
            session,
            user_id=user_id,
            given_name=given_name,
            family_name=family_name,
            date_of_birth=born,
            state=place[:2],
            county_fips=county,
            zip_code=zip_code,
            time_zone=zone,
            now=now,
        )
        if confirmed:
            session.get_one(User, user_id).email_confirmed_at = now
        if asked:
            session.get_one(User, user_id).second_step_declined_at = now
    return Person(user_id, address, patient_id)


def a_staff_member(
    role: str = "coordinator",
    *,
    name: tuple[str, str] = ("Sam", "Okafor"),
    email: str | None = None,
    now: datetime = datetime(2026, 10, 1, 12, 0, tzinfo=UTC),
) -> Person:
    """A member of staff with a TOTP secret."""
    address = email or f"{role}{next(_numbers)}@staff.example"
    secret = pyotp.random_base32()
    with db.transaction() as session:
        user_id = writes.create_user(
            session,
            kind="staff",
            role=role,
            email=address,
            password_hash=_HASH,
            names=name,
            locale="en",
            now=now,
        )
        assert user_id is not None
        user = session.get_one(User, user_id)
        user.totp_sealed = crypto.seal(secret, "users", "totp", user_id)
        user.email_confirmed_at = now
    return Person(user_id, address, totp_secret=secret)
