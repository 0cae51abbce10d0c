"""What counts as signed by a patient on a day."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from service.catalog.queries import consents_for
from service.catalog.rules.whole import Catalog
from service.consent import rules
from service.consent.models import ConsentAcceptance, ConsentText, ConsentWithdrawal
from service.consent.rules import Signature, Task


def signatures(session: Session, patient_id: UUID) -> list[Signature]:
    """Everything a patient ever signed, oldest first, taken back or not."""
    rows = session.execute(
        select(
            ConsentText.consent_key,
            ConsentText.state,
            ConsentText.version,
            ConsentText.sha256,
            ConsentAcceptance.accepted_at,
            ConsentAcceptance.id,
            ConsentAcceptance.ends_on,
            ConsentAcceptance.declined,
            ConsentWithdrawal.withdrawn_at,
        )
        .join(ConsentText, ConsentText.sha256 == ConsentAcceptance.document_sha256)
        .outerjoin(ConsentWithdrawal, ConsentWithdrawal.acceptance_id == ConsentAcceptance.id)
        .where(ConsentAcceptance.patient_id == patient_id)
        .order_by(ConsentAcceptance.accepted_at, ConsentAcceptance.id)
    )
    return [Signature(*row) for row in rows]


def tasks(session: Session, patient_id: UUID, state: str, catalog: Catalog, on: date) -> tuple[Task, ...]:
    """Every text in force in `state` on that day, in signing order, with where it stands for this patient."""
    return rules.tasks(consents_for(catalog, state, on), signatures(session, patient_id), on)


def coming(catalog: Catalog, state: str, due: tuple[Task, ...], on: date) -> tuple[Task, ...]:
    """New versions that hold within two weeks, for whoever signed what they follow. `due` are the tasks of `on`."""
    return rules.coming(consents_for(catalog, state, on + rules.NOTICE), due)


def all_blocking_signed(session: Session, patient_id: UUID, state: str, catalog: Catalog, on: date) -> bool:
    """Has this patient signed every text that care waits for, in the version current on that day of theirs?"""
    return rules.all_blocking_signed(tasks(session, patient_id, state, catalog, on))


def ready_for_visit(session: Session, patient_id: UUID, state: str, catalog: Catalog, on: date) -> bool:
    """Has this patient signed what comes before a visit: electronic records, and care by video in their state?"""
    return rules.ready_for_visit(tasks(session, patient_id, state, catalog, on))


def ready_for_session(session: Session, patient_id: UUID, state: str, catalog: Catalog, on: date) -> bool:
    """Has this patient signed everything that a session at home waits for?"""
    return rules.ready_for_session(tasks(session, patient_id, state, catalog, on))


def holds(session: Session, patient_id: UUID, key: str, on: date) -> bool:
    """Does a patient's agreement to `key` count on that day, whatever its version? For texts that are only offered."""
    return any(one.key == key for one in rules.standing(signatures(session, patient_id), on))


def signed_version(session: Session, patient_id: UUID, key: str) -> str:
    """The version of `key` that counts now, as a record of a visit names it ("telehealth-nj 1"), or ""."""
    found = [one for one in rules.standing(signatures(session, patient_id)) if one.key == key]
    if not found:
        return ""
    last = max(found, key=lambda one: one.accepted_at)
    return f"{key}{f'-{last.state.lower()}' if last.state else ''} {last.version}"
