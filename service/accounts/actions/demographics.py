"""What a patient tells about sex, race and ethnicity, or takes back."""

from __future__ import annotations

from dataclasses import asdict
from uuid import UUID

from service.accounts.actions.profile import locked
from service.accounts.queries.demographics import opened
from service.accounts.rules.demographics import Demographics, checked
from service.audit import writes as audit
from service.kit import crypto, db
from service.kit.actor import Actor


def change_demographics(*, user_id: UUID, sex: str, race: tuple[str, ...], ethnicity: str, actor: Actor) -> bool:
    """Keep what was told; with nothing told, keep nothing. Returns whether it changed.

    Raises Rejected for what is no choice, or contradicts itself.
    """
    told = checked(sex, race, ethnicity)
    with db.transaction() as session:
        _, patient = locked(session, user_id)
        if opened(patient.demographics_sealed, patient.id) == told:
            return False
        patient.demographics_sealed = (
            crypto.seal_json(asdict(told), "patients", "demographics", patient.id) if told.told else None
        )
        audit.record(session, actor, "account.change_demographics", "user", user_id)
        return True


def remove_demographics(*, user_id: UUID, actor: Actor) -> bool:
    """Take back all of it. Returns whether there was anything."""
    nothing = Demographics()
    return change_demographics(
        user_id=user_id, sex=nothing.sex, race=nothing.race, ethnicity=nothing.ethnicity, actor=actor
    )
