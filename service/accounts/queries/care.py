"""Who looks after whom, who may look, and how to call somebody."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Select, exists, func, select
from sqlalchemy.orm import Session

from service.accounts.models import BreakGlass, CareTeamMember, Patient, User
from service.accounts.queries.people import display_names
from service.accounts.rules.care import CARERS, ONLY_READING
from service.accounts.rules.contact import spoken_phone
from service.kit import crypto
from service.kit.actor import Actor
from service.kit.clock import wall_now as on_the_wall
from service.kit.errors import NotAllowed, NotFound, OutsideCareTeam, words


@dataclass(frozen=True, slots=True)
class TeamMember:
    """A member of staff who looks after a patient. `why` is a code: visit, took, alert, assigned."""

    user_id: UUID
    name: str
    role: str
    why: str
    since: datetime


@dataclass(frozen=True, slots=True)
class Caller:
    """What somebody on call needs to reach a patient: what they are called, and their number where we have one."""

    given_name: str
    phone: str


@dataclass(frozen=True, slots=True)
class Contact:
    """How the care team speaks to a patient, and whom to call where the patient cannot be reached. Empty: not told."""

    given_name: str
    pronouns: str
    phone: str
    emergency_name: str
    emergency_relation: str
    emergency_phone: str
    closed_at: datetime | None  # the account: nobody can sign in to it any more


def on_care_team(session: Session, *, patient_id: UUID, user_id: UUID) -> bool:
    """Does this member of staff look after this patient today?"""
    return patient_id in looked_after(session, user_id=user_id, patient_ids=[patient_id])


def looked_after(session: Session, *, user_id: UUID, patient_ids: Collection[UUID]) -> set[UUID]:
    """Those of `patient_ids` whom this member of staff looks after, in one statement: for lists."""
    found = session.scalars(
        select(CareTeamMember.patient_id).where(
            CareTeamMember.patient_id.in_(patient_ids),
            CareTeamMember.user_id == user_id,
            CareTeamMember.until.is_(None),
        )
    )
    return set(found)


def taken_since(session: Session, *, user_id: UUID, since: datetime) -> int:
    """How many patients this person came to look after by taking an enrollment nobody owned. Wall time."""
    query = select(func.count()).where(
        CareTeamMember.user_id == user_id, CareTeamMember.why == "took", CareTeamMember.since > since
    )
    return session.scalar(query) or 0


def glass_broken_until(session: Session, *, patient_id: UUID, user_id: UUID, wall_now: datetime) -> datetime | None:
    """Until when an emergency look that this person gave a reason for lasts, or None."""
    return session.scalar(
        select(BreakGlass.expires_at)
        .where(BreakGlass.patient_id == patient_id, BreakGlass.user_id == user_id, BreakGlass.expires_at > wall_now)
        .order_by(BreakGlass.expires_at.desc())
        .limit(1)
    )


def may_open(session: Session, *, patient_id: UUID, user_id: UUID, wall_now: datetime) -> bool:
    """May this member of staff open what is clinical about this patient: by care, or by broken glass?"""
    return (
        on_care_team(session, patient_id=patient_id, user_id=user_id)
        or glass_broken_until(session, patient_id=patient_id, user_id=user_id, wall_now=wall_now) is not None
    )


def check_may_open(session: Session, actor: Actor, patient_id: UUID) -> datetime | None:
    """Let `actor` pass who looks after this patient, or broke the glass. Returns until when the broken glass lets
    them look; None for the care team.

    Raises NotAllowed for whoever never looks after patients, OutsideCareTeam for everybody else: a reason opens it.
    """
    if actor.kind != "staff" or actor.user_id is None or actor.role not in CARERS:
        raise NotAllowed("care_team_only", words("Only the care team may open this."))
    if on_care_team(session, patient_id=patient_id, user_id=actor.user_id):
        return None
    until = glass_broken_until(session, patient_id=patient_id, user_id=actor.user_id, wall_now=on_the_wall())
    if until is None:
        raise OutsideCareTeam(patient_id)
    return until


def check_looks_after(session: Session, actor: Actor, patient_id: UUID) -> None:
    """Let `actor` pass who looks after this patient. A broken glass lets somebody read, not sign.

    Raises NotAllowed, and OutsideCareTeam as `check_may_open`.
    """
    if check_may_open(session, actor, patient_id) is not None:
        raise ONLY_READING


def check_patient(session: Session, patient_id: UUID) -> None:
    """Raises NotFound for an id that is no patient's."""
    if not session.scalar(select(exists().where(Patient.id == patient_id))):
        raise NotFound("no_such_patient", words("We could not find that person."))


def care_team(session: Session, patient_id: UUID) -> list[TeamMember]:
    """Everybody who looks after a patient today, the longest first."""
    rows = session.execute(
        select(CareTeamMember.user_id, User.role, CareTeamMember.why, CareTeamMember.since)
        .join(User, User.id == CareTeamMember.user_id)
        .where(CareTeamMember.patient_id == patient_id, CareTeamMember.until.is_(None))
        .order_by(CareTeamMember.since, CareTeamMember.id)
    ).all()
    names = display_names(session, [row.user_id for row in rows])
    return [TeamMember(row.user_id, names.get(row.user_id, ""), row.role or "", row.why, row.since) for row in rows]


def colleagues(session: Session) -> list[tuple[UUID, str, str]]:
    """(user id, name, role) of everybody who may look after a patient, by name."""
    rows = session.execute(select(User.id, User.role).where(User.role.in_(CARERS), User.deactivated_at.is_(None))).all()
    names = display_names(session, [row.id for row in rows])
    return sorted(((row.id, names.get(row.id, ""), row.role or "") for row in rows), key=lambda one: one[1:])


def carers_among(session: Session, user_ids: Collection[UUID]) -> set[UUID]:
    """Those of `user_ids` who are active staff with a role that looks after patients."""
    query = select(User.id).where(User.id.in_(user_ids), User.role.in_(CARERS), User.deactivated_at.is_(None))
    return set(session.scalars(query))


def former_carers() -> Select[UUID]:
    """Staff who look after nobody any more, because they left or do other work now, as a part of a statement."""
    cares = User.role.in_(CARERS) & User.deactivated_at.is_(None)
    return select(User.id).where(User.role.is_not(None), ~cares)


def callers(session: Session, patient_ids: Collection[UUID]) -> dict[UUID, Caller]:
    """How to call several patients, in one statement; unknown ids are left out."""
    rows = session.execute(
        select(Patient.id, Patient.given_name_sealed, Patient.preferred_name_sealed, Patient.phone_sealed).where(
            Patient.id.in_(patient_ids)
        )
    )
    return {
        row.id: Caller(
            _opened(row.preferred_name_sealed, "preferred_name", row.id)
            or _opened(row.given_name_sealed, "given_name", row.id),
            spoken_phone(_opened(row.phone_sealed, "phone", row.id)),
        )
        for row in rows
    }


def contact(session: Session, patient_id: UUID) -> Contact:
    """How to reach one patient, for the care team's page."""
    row = session.get_one(Patient, patient_id)
    person = callers(session, [patient_id])[patient_id]
    somebody = json.loads(_opened(row.emergency_contact_sealed, "emergency_contact", patient_id) or "{}")
    return Contact(
        given_name=person.given_name,
        pronouns=_opened(row.pronouns_sealed, "pronouns", patient_id),
        phone=person.phone,
        emergency_name=somebody.get("name", ""),
        emergency_relation=somebody.get("relation", ""),
        emergency_phone=spoken_phone(somebody.get("phone", "")),
        closed_at=row.closed_at,
    )


def _opened(sealed: bytes | None, column: str, patient_id: UUID) -> str:
    return "" if sealed is None else crypto.unseal(sealed, "patients", column, patient_id)
