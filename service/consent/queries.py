"""What a patient has signed, and what is still to sign."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from service.catalog.queries import consents_for
from service.catalog.rules.whole import Catalog
from service.consent import rules
from service.consent.models import ConsentAcceptance, ConsentText
from service.consent.rules import Signature, Task


def signatures(session: Session, patient_id: UUID) -> list[Signature]:
    """Everything a patient ever signed, oldest first."""
    rows = session.execute(
        select(
            ConsentText.consent_key,
            ConsentText.state,
            ConsentText.version,
            ConsentText.sha256,
            ConsentAcceptance.accepted_at,
        )
        .join(ConsentText, ConsentText.sha256 == ConsentAcceptance.document_sha256)
        .where(ConsentAcceptance.patient_id == patient_id)
        .order_by(ConsentAcceptance.accepted_at, ConsentAcceptance.id)
    )
    return [Signature(*row) for row in rows]


def tasks(session: Session, patient_id: UUID, state: str, catalog: Catalog, on: date) -> tuple[Task, ...]:
    """Every text in force in `state` on that day, in signing order, with where it stands for this patient."""
    return rules.tasks(consents_for(catalog, state, on), signatures(session, patient_id))


def all_blocking_signed(session: Session, patient_id: UUID, state: str, catalog: Catalog, on: date) -> bool:
    """Has this patient signed every text that care waits for, in the version current on that day of theirs?"""
    return rules.all_blocking_signed(tasks(session, patient_id, state, catalog, on))
