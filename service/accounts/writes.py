"""Accounts, inside the caller's transaction."""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from service.accounts import emails
from service.accounts.models import CareTeamMember, OneTimeLink, Patient, User
from service.accounts.queries import email_index, user_by_email
from service.accounts.rules import CONFIRM_LINK_LIFE, CONFIRM_MAIL_EVERY, CONFIRM_MAILS_A_DAY
from service.kit import crypto
from service.kit.clock import wall_now
from service.kit.ids import new_id, new_token, token_hash
from service.mail import writes as mail


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
    user_id = new_id()
    statement = (
        insert(User)
        .values(
            id=user_id,
            kind=kind,
            role=role,
            email_sealed=crypto.seal(email, "users", "email", user_id),
            email_index=email_index(email),
            password_hash=password_hash,
            display_name_sealed=crypto.seal(json.dumps(names), "users", "display_name", user_id),
            locale=locale,
            email_confirmed_at=confirmed_at,
            created_at=now,
        )
        .on_conflict_do_nothing(index_elements=["email_index"], index_where=User.email_confirmed_at.is_not(None))
        .returning(User.id)
    )
    return session.execute(statement).scalar()


def create_patient_user(
    session: Session,
    *,
    email: str,
    password_hash: str,
    given_name: str,
    family_name: str,
    locale: str,
    now: datetime,
) -> UUID | None:
    """Add a patient's account, its address not yet proved. None when the address has an account already."""
    return create_user(
        session,
        kind="patient",
        role=None,
        email=email,
        password_hash=password_hash,
        names=(given_name, family_name),
        locale=locale,
        now=now,
    )


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
) -> UUID:
    """Add the patient behind an account. Returns the patient's id."""
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
            time_zone=time_zone,
            created_at=now,
        )
    )
    session.flush()
    return patient_id


def send_confirmation(session: Session, *, user_id: UUID, now: datetime) -> bool:
    """Mail a link that proves the address: at most one a minute and five a day for an address, whoever asks.

    Returns whether a mail was queued. Where none was, the links sent before go on working, for this claim too.
    """
    wall, index = wall_now(), session.scalars(select(User.email_index).where(User.id == user_id)).one()
    session.execute(select(func.pg_advisory_xact_lock(int.from_bytes(index[:8], "big", signed=True))))
    sent, newest = session.execute(
        select(func.count(), func.max(OneTimeLink.created_at))
        .join(User, User.id == OneTimeLink.user_id)
        .where(User.email_index == index, OneTimeLink.created_at > wall - timedelta(days=1))
    ).one()
    if sent >= CONFIRM_MAILS_A_DAY or (newest is not None and wall - newest < CONFIRM_MAIL_EVERY):
        return False
    link_id, token = new_id(), new_token()
    session.add(
        OneTimeLink(
            id=link_id,
            user_id=user_id,
            purpose="confirm_email",
            token_hash=token_hash(token),
            created_at=wall,
            expires_at=wall + CONFIRM_LINK_LIFE,
        )
    )
    mail.put(session, emails.confirm_address(token), key=f"confirm:{link_id}", user_id=user_id, now=now)
    session.flush()
    return True


def tell_already_registered(session: Session, email: str, now: datetime) -> None:
    """Tell the owner of a known address that somebody signed up with it again. At most once a day."""
    user = user_by_email(session, email)
    if user is None or user.deactivated_at is not None:
        return
    key = f"already:{user.id}:{now:%Y-%m-%d}"
    mail.put(session, emails.already_registered(), key=key, user_id=user.id, now=now)


def join_care_team(session: Session, *, patient_id: UUID, user_id: UUID, why: str) -> None:
    """From now on `user_id` looks after this patient. `why`: "visit", "took", "alert", "assigned". Twice is once."""
    session.execute(
        insert(CareTeamMember)
        .values(id=new_id(), patient_id=patient_id, user_id=user_id, why=why, since=wall_now())
        .on_conflict_do_nothing(index_elements=["patient_id", "user_id"], index_where=CareTeamMember.until.is_(None))
    )
