"""An emergency look at the record of somebody whom one does not look after: a reason, an hour, an alert, a review."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from service.accounts import queries as accounts
from service.accounts import writes as people
from service.accounts.queries import TeamMember
from service.accounts.rules.care import CARERS, GLASS_REASONS, WORDS_MIN
from service.audit import writes as audit
from service.catalog.rules.whole import Catalog
from service.kit import db
from service.kit.actor import Actor
from service.kit.errors import NotAllowed, Rejected, words
from service.safety import rules, writes


@dataclass(frozen=True, slots=True)
class Glass:
    """What somebody is about to do: whose record, whether it is theirs to open anyway, and until when it is open.

    `team` is who could add them instead of it; `reviewed`: is anybody there to judge the look?
    """

    patient_name: str
    on_team: bool
    until: datetime | None
    team: tuple[TeamMember, ...]
    reviewed: bool


def ask_to_look(*, patient_id: UUID, actor: Actor, wall_now: datetime) -> Glass:
    """The page that explains; who saw whose name there is noted. Raises NotAllowed for other roles, NotFound."""
    user_id = _check(actor)
    with db.transaction() as session:
        accounts.check_patient(session, patient_id)
        patient = accounts.patient(session, patient_id)
        audit.record(session, actor, "break_glass.ask", "patient", patient_id, patient_id=patient_id)
        return Glass(
            f"{patient.given_name} {patient.family_name}",
            accounts.on_care_team(session, patient_id=patient_id, user_id=user_id),
            accounts.glass_broken_until(session, patient_id=patient_id, user_id=user_id, wall_now=wall_now),
            tuple(accounts.care_team(session, patient_id)),
            accounts.somebody_reviews(session, user_id),
        )


def break_glass(
    *, patient_id: UUID, why: str, reason: str, catalog: Catalog, actor: Actor, now: datetime, wall_now: datetime
) -> datetime | None:
    """Open a record for an hour of wall time, and call an owner to review it. Returns until when it is open.

    While it is open a second press changes nothing; a new hour needs a new reason. None for the care team, who need
    none. Raises NotAllowed for other roles, NotFound, Rejected without a reason. `now` is the alert's business time.
    """
    user_id = _check(actor)
    if why not in GLASS_REASONS or len(reason.strip()) < WORDS_MIN:
        raise Rejected("reason_missing", words("Write in a sentence why you need to open this record now."))
    with db.transaction() as session:
        accounts.check_patient(session, patient_id)
        if accounts.on_care_team(session, patient_id=patient_id, user_id=user_id):
            return None
        people.take_turns(session, user_id)  # two presses at once are one look
        until = accounts.glass_broken_until(session, patient_id=patient_id, user_id=user_id, wall_now=wall_now)
        if until is not None:
            return until
        glass_id = people.break_glass(
            session, patient_id=patient_id, user_id=user_id, why=why, reason=reason.strip(), at=wall_now
        )
        audit.record(session, actor, "break_glass.open", "break_glass", glass_id, patient_id=patient_id, reason=why)
        call_reviewer(session, glass_id, catalog, now)
        return accounts.glass_broken_until(session, patient_id=patient_id, user_id=user_id, wall_now=wall_now)


def glass_until(*, patient_id: UUID, actor: Actor, wall_now: datetime) -> datetime | None:
    """For the banner: until when a broken glass lets `actor` look; None for the care team, who need none."""
    if actor.user_id is None:
        return None
    with db.reading() as session:
        if accounts.on_care_team(session, patient_id=patient_id, user_id=actor.user_id):
            return None
        return accounts.glass_broken_until(session, patient_id=patient_id, user_id=actor.user_id, wall_now=wall_now)


def call_reviewer(session: Session, glass_id: UUID, catalog: Catalog, now: datetime) -> None:
    """Raise the alert, which names neither the patient nor the reason. While one is open there is no other."""
    writes.raise_alert(
        session,
        code=rules.BREAK_GLASS,
        source_kind="system",
        source_id=glass_id,
        patient_id=None,
        now=now,
        definition=rules.definition(catalog, rules.BREAK_GLASS),
    )


def _check(actor: Actor) -> UUID:
    if actor.kind != "staff" or actor.user_id is None or actor.role not in CARERS:
        raise NotAllowed("care_team_only", words("Only the care team may open this."))
    return actor.user_id
