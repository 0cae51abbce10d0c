"""Keeping a signature as evidence, inside the caller's transaction. Rows are only ever added."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from service.catalog.rules.consents import RenderedConsent
from service.consent.models import ConsentAcceptance, ConsentText
from service.kit import crypto
from service.kit.actor import Actor
from service.kit.ids import new_id


def accept(
    session: Session,
    *,
    patient_id: UUID,
    shown: RenderedConsent,
    typed_name: str,
    time_zone: str,
    actor: Actor,
    now: datetime,
    language: str = "en",
) -> bool:
    """Keep that a patient signed exactly the text that was shown. False when they had signed it before.

    The text itself is kept once, by its hash. `actor` says from which sign-in, address and browser. Raises ValueError
    for an actor without a sign-in: a signature nobody made is none.
    """
    if actor.sign_in_id is None:
        raise ValueError("a signature needs the sign-in it was made in")
    document = shown.document
    session.execute(
        insert(ConsentText)
        .values(
            sha256=shown.sha256,
            consent_key=document.key,
            version=document.version,
            state=document.state,
            language=language,
            body=shown.text,
            first_shown_at=now,
        )
        .on_conflict_do_nothing()
    )
    acceptance_id = new_id()
    added = session.execute(
        insert(ConsentAcceptance)
        .values(
            id=acceptance_id,
            patient_id=patient_id,
            consent_key=document.key,
            version=document.version,
            language=language,
            document_sha256=shown.sha256,
            statement=shown.statement,
            typed_name_sealed=crypto.seal(typed_name, "consent_acceptances", "typed_name", acceptance_id),
            accepted_at=now,
            time_zone=time_zone,
            address=actor.address,
            user_agent=actor.user_agent,
            sign_in_id=actor.sign_in_id,
        )
        .on_conflict_do_nothing()
        .returning(ConsentAcceptance.id)
    ).scalar()
    return added is not None
