"""Whose consents have a new version that they have not signed yet."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import ColumnElement, Text, and_, cast, exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from service.accounts.models import CareTeamMember, Patient
from service.catalog.rules.consents import ConsentDocument, newest_for
from service.catalog.rules.whole import Catalog
from service.consent.models import ConsentAcceptance, ConsentText, ConsentWithdrawal
from service.consent.rules import NOTICE
from service.enrollment.models import Enrollment
from service.enrollment.rules.signing import OVER
from service.mail.models import OutboxMessage


@dataclass(frozen=True, slots=True)
class NewText:
    """A version that follows one which patients have signed, and the states in which it is the one to sign."""

    document: ConsentDocument
    states: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Waiting:
    """A patient who signed what came before a new version, and not the new version."""

    enrollment_id: UUID
    patient_id: UUID
    user_id: UUID
    time_zone: str
    document: ConsentDocument


def new_texts(catalog: Catalog, on: date, *, ahead: bool) -> Iterator[NewText]:
    """Of the texts that somebody has to sign again: those that hold from a day after `on` and within two weeks
    (`ahead`), or those that hold already. What is only offered is not asked for again.
    """
    day = on + NOTICE if ahead else on
    by_text: dict[ConsentDocument, list[str]] = {}
    for state in catalog.states:
        for document in newest_for(catalog.consents, state, day):
            follows = document.version > 1 or document.state
            if document.when != "optional" and follows and (document.effective_on > on) == ahead:
                by_text.setdefault(document, []).append(state)
    for document, states in by_text.items():
        yield NewText(document, tuple(states))


def waiting(
    session: Session,
    text: NewText,
    *,
    unless_mailed: str | None = None,
    of: UUID | None = None,
    patient_id: UUID | None = None,
    limit: int = 100,
) -> list[Waiting]:
    """Who answered an older version of `text`, has an enrollment that is not over in its states, and has not answered
    this one. Those whose enrollment stands still longest come first.

    `unless_mailed`: without those whose outbox has a mail with this key and their id behind it. `of`: of those whom
    this member of staff looks after. `patient_id`: of this one.
    """
    query = (
        select(Enrollment.id, Enrollment.patient_id, Patient.user_id, Patient.time_zone)
        .join(Patient, Patient.id == Enrollment.patient_id)
        .where(
            Enrollment.state.in_(text.states),
            Enrollment.status.not_in(OVER),
            Patient.closed_at.is_(None),
            _answered(text.document, before=True),
            ~_answered(text.document, before=False),
        )
        .order_by(Enrollment.status_changed_at, Enrollment.id)
        .limit(limit)
    )
    if patient_id is not None:
        query = query.where(Enrollment.patient_id == patient_id)
    if unless_mailed is not None:
        key = func.concat(f"{unless_mailed}:", cast(Enrollment.patient_id, Text))
        query = query.where(~exists().where(OutboxMessage.message_key == key))
    if of is not None:
        carers = exists().where(
            CareTeamMember.patient_id == Enrollment.patient_id,
            CareTeamMember.user_id == of,
            CareTeamMember.until.is_(None),
        )
        query = query.where(carers)
    rows = session.execute(query).all()
    return [Waiting(row[0], row[1], row[2], row[3], text.document) for row in rows]


def _answered(document: ConsentDocument, *, before: bool) -> ColumnElement[bool]:
    """Does an answer stand to what came before this version, or to it or what follows it? Declining is an answer."""
    signed, words = aliased(ConsentAcceptance), aliased(ConsentText)
    this = and_(words.state == document.state, words.version >= document.version)
    older = or_(words.state != document.state, words.version < document.version)
    return (
        select(signed.id)
        .join(words, words.sha256 == signed.document_sha256)
        .where(
            signed.patient_id == Enrollment.patient_id,
            signed.consent_key == document.key,
            older if before else this,
            ~exists().where(ConsentWithdrawal.acceptance_id == signed.id),
        )
        .exists()
    )
