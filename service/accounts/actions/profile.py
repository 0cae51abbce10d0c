"""What somebody is called, in which language, and on which clock. What is the same already changes nothing."""

from __future__ import annotations

import json
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from service.accounts.models import Patient, User
from service.accounts.queries.settings import own_patient
from service.accounts.rules.contact import CARE_LANGUAGES, NAME_MAX, PRONOUNS_MAX, US_ZONES, one_line
from service.audit import writes as audit
from service.kit import crypto, db
from service.kit.actor import Actor
from service.kit.errors import Rejected, words


def change_about_you(*, user_id: UUID, preferred_name: str, pronouns: str, actor: Actor) -> bool:
    """Keep what to call a patient; an empty name means the first name on the record. Returns whether anything changed.

    Mail and pages greet by it. Raises Rejected for what is too long.
    """
    name, said = one_line(preferred_name), one_line(pronouns)
    if len(name) > NAME_MAX or len(said) > PRONOUNS_MAX:
        raise Rejected("name_too_long", words("That is longer than we can keep. Use a shorter form."))
    with db.transaction() as session:
        user, patient = locked(session, user_id)
        was = own_patient(patient)
        if (was.preferred_name, was.pronouns) == (name, said):
            return False
        patient.preferred_name_sealed = sealed(patient, "preferred_name", name)
        patient.pronouns_sealed = sealed(patient, "pronouns", said)
        shown = json.dumps((name or was.given_name, was.family_name))
        user.display_name_sealed = crypto.seal(shown, "users", "display_name", user_id)
        audit.record(session, actor, "account.change_about_you", "user", user_id)
        return True


def change_language(
    *, user_id: UUID, locale: str, care_language: str | None, languages: tuple[str, ...], actor: Actor
) -> bool:
    """Keep the language of the pages (one of `languages`) and, for a patient, the one spoken with them.

    Returns whether anything changed. Raises Rejected for another one.
    """
    if locale not in languages or (care_language is not None and care_language not in CARE_LANGUAGES):
        raise Rejected("no_such_language", words("Choose one of these languages"))
    with db.transaction() as session:
        user = session.scalars(select(User).where(User.id == user_id).with_for_update()).one()
        query = select(Patient).where(Patient.user_id == user_id).with_for_update()
        patient = session.scalars(query).one_or_none()
        same_spoken = patient is None or care_language is None or patient.care_language == care_language
        if user.locale == locale and same_spoken:
            return False
        user.locale = locale
        if patient is not None and care_language is not None:
            patient.care_language = care_language
        audit.record(session, actor, "account.change_language", "user", user_id)
        return True


def change_time_zone(*, user_id: UUID, time_zone: str, actor: Actor) -> bool:
    """Keep the clock on which times are shown and reminders come. Returns whether it changed.

    Raises Rejected for a zone outside the United States.
    """
    if time_zone not in US_ZONES:
        raise Rejected("no_such_zone", words("Choose one of these time zones"))
    with db.transaction() as session:
        user = session.scalars(select(User).where(User.id == user_id).with_for_update()).one()
        query = select(Patient).where(Patient.user_id == user_id).with_for_update()
        row = session.scalars(query).one_or_none() or user
        if row.time_zone == time_zone:
            return False
        row.time_zone = time_zone
        audit.record(session, actor, "account.change_time_zone", "user", user_id)
        return True


def locked(session: Session, user_id: UUID) -> tuple[User, Patient]:
    """A patient's account and record, locked until the transaction ends."""
    query = select(User, Patient).join(Patient, Patient.user_id == User.id).where(User.id == user_id)
    row = session.execute(query.with_for_update()).one()
    return row[0], row[1]


def sealed(patient: Patient, column: str, value: str) -> bytes | None:
    """One field of a patient's record, sealed; nothing where nothing was told."""
    return crypto.seal(value, "patients", column, patient.id) if value else None
