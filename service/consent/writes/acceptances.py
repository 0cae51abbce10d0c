"""A signature, or that somebody would rather not give one."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from service.accounts.models import SignIn
from service.catalog.rules.consents import RenderedConsent
from service.consent.models import ConsentAcceptance, ConsentText
from service.consent.queries.signed import signatures
from service.consent.rules import standing
from service.kit import crypto
from service.kit.actor import Actor
from service.kit.ids import new_id

OFFERED = "This was offered to me, and I would rather not sign it."


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
    details: Mapping[str, object] | None = None,
    ends_on: date | None = None,
    opened_at: datetime | None = None,
    on: date | None = None,
) -> bool:
    """Keep that a patient signed exactly the text that was shown. False when they had signed it before.

    The text itself is kept once, by its hash. `actor` says from which sign-in, address and browser; `details` is what
    was filled in below the text, `on` the patient's own day. What was taken back or is over may be given again.
    Raises ValueError for an actor without a sign-in: a signature nobody made is none.
    """
    if actor.sign_in_id is None:
        raise ValueError("a signature needs the sign-in it was made in")
    return _keep(
        session,
        patient_id,
        shown,
        statement=shown.statement,
        typed_name=typed_name,
        time_zone=time_zone,
        actor=actor,
        now=now,
        language=language,
        auth_level=_auth_level(session, actor.sign_in_id),
        details=details,
        ends_on=ends_on,
        opened_at=opened_at,
        on=on,
    )


def decline(
    session: Session,
    *,
    patient_id: UUID,
    shown: RenderedConsent,
    time_zone: str,
    actor: Actor,
    now: datetime,
    language: str = "en",
) -> bool:
    """Keep that a text was offered and the patient would rather not sign it (45 CFR 164.520(c)(2)(ii)).

    False when that was kept before, or when they have signed it.
    """
    if actor.sign_in_id is None:
        raise ValueError("an answer needs the sign-in it was given in")
    document = shown.document
    known = [one for one in signatures(session, patient_id) if (one.key, one.sha256) == (document.key, shown.sha256)]
    if any(one.declined for one in known) or standing(known):
        return False
    return _keep(
        session,
        patient_id,
        shown,
        statement=OFFERED,
        typed_name="",
        time_zone=time_zone,
        actor=actor,
        now=now,
        language=language,
        auth_level=_auth_level(session, actor.sign_in_id),
        declined=True,
    )


def agree_while_joining(
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
    """Keep what somebody agreed to with the form that made their account: there is no sign-in yet.

    Raises ValueError for a text that is not asked for there.
    """
    if shown.document.when != "joining":
        raise ValueError("only what is asked for while joining is agreed to without a sign-in")
    return _keep(
        session,
        patient_id,
        shown,
        statement=shown.statement,
        typed_name=typed_name,
        time_zone=time_zone,
        actor=actor,
        now=now,
        language=language,
        auth_level="joining",
    )


def _keep(
    session: Session,
    patient_id: UUID,
    shown: RenderedConsent,
    *,
    statement: str,
    typed_name: str,
    time_zone: str,
    actor: Actor,
    now: datetime,
    language: str,
    auth_level: str,
    details: Mapping[str, object] | None = None,
    ends_on: date | None = None,
    opened_at: datetime | None = None,
    declined: bool = False,
    on: date | None = None,
) -> bool:
    document, row_id = shown.document, new_id()
    _keep_text(session, shown, language, now)
    given = [one for one in signatures(session, patient_id) if one.sha256 == shown.sha256]
    added = session.execute(
        insert(ConsentAcceptance)
        .values(
            id=row_id,
            patient_id=patient_id,
            consent_key=document.key,
            version=document.version,
            language=language,
            document_sha256=shown.sha256,
            statement=statement,
            typed_name_sealed=crypto.seal(typed_name, "consent_acceptances", "typed_name", row_id),
            accepted_at=now,
            time_zone=time_zone,
            address=actor.address,
            user_agent=actor.user_agent,
            sign_in_id=actor.sign_in_id,
            auth_level=auth_level,
            details_sealed=crypto.seal_json(dict(details), "consent_acceptances", "details", row_id)
            if details
            else None,
            ends_on=ends_on,
            opened_at=opened_at,
            declined=declined,
            round=len(given) - len(standing(given, on)),
        )
        .on_conflict_do_nothing()
        .returning(ConsentAcceptance.id)
    ).scalar()
    return added is not None


def _keep_text(session: Session, shown: RenderedConsent, language: str, now: datetime) -> None:
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


def _auth_level(session: Session, sign_in_id: UUID) -> str:
    """How strongly the person had proved who they are in that sign-in."""
    proved = session.scalar(select(SignIn.second_factor_at).where(SignIn.id == sign_in_id))
    return "password" if proved is None else "second_step"
