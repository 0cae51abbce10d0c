"""A signature taken back. The signature stays as it was: that it counts no longer is a row of its own."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from service.consent.models import ConsentWithdrawal
from service.consent.queries.signed import signatures
from service.consent.rules import Signature, standing
from service.kit import crypto
from service.kit.actor import Actor
from service.kit.ids import new_id


def withdraw(
    session: Session, *, patient_id: UUID, key: str, why: str, actor: Actor, now: datetime
) -> tuple[Signature, ...]:
    """Take back every standing signature under `key`, whatever its version. Returns those; () when there is none.

    Raises ValueError for an actor without a sign-in.
    """
    if actor.sign_in_id is None:
        raise ValueError("taking back needs the sign-in it was done in")
    taken = []
    for one in standing(signatures(session, patient_id)):
        if one.key != key or one.id is None:
            continue
        row_id = new_id()
        added = session.execute(
            insert(ConsentWithdrawal)
            .values(
                id=row_id,
                patient_id=patient_id,
                consent_key=key,
                acceptance_id=one.id,
                why_sealed=crypto.seal(why, "consent_withdrawals", "why", row_id) if why else None,
                withdrawn_at=now,
                address=actor.address,
                user_agent=actor.user_agent,
                sign_in_id=actor.sign_in_id,
            )
            .on_conflict_do_nothing()
            .returning(ConsentWithdrawal.id)
        ).scalar()
        if added is not None:
            taken.append(one)
    return tuple(taken)
