"""Who looks after a patient: colleagues are asked in, let go, and an enrollment is handed over.

Nobody lets themselves in here: that is what taking an enrollment, an alert, or a reason is for.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from service.accounts import queries as accounts
from service.accounts import writes as people
from service.accounts.queries import TeamMember
from service.accounts.rules.care import CARERS
from service.audit import writes as audit
from service.enrollment import writes
from service.enrollment.models import Enrollment
from service.enrollment.queries.queue import OVER
from service.kit import db
from service.kit.actor import Actor
from service.kit.errors import Conflict, NotAllowed, Rejected, words
from service.visits import queries as visits

LEAVING = ("handed", "done", "away", "mistake")  # why somebody leaves a care team


@dataclass(frozen=True, slots=True)
class TeamPage:
    """The care team of one patient. `colleagues` are those who could join it: (user id, name, role)."""

    enrollment_id: UUID
    patient_name: str
    team: tuple[TeamMember, ...]
    owner_id: UUID | None
    colleagues: tuple[tuple[UUID, str, str], ...]
    heirs: tuple[tuple[UUID, str, str], ...]  # to whom whoever looks may hand it over
    over: bool


@dataclass(frozen=True, slots=True)
class Leaving:
    """Somebody who may leave the care team, and what stands in the way or must be thought of before."""

    enrollment_id: UUID
    patient_name: str
    member: TeamMember
    owns_it: bool
    visit_at: datetime | None  # a visit with them that is booked
    last_clinician: bool


def open_team(*, enrollment_id: UUID, actor: Actor) -> TeamPage:
    """The page; the look is noted. The practice's owner sees it for everybody, because somebody must be able to
    find a colleague for a patient whose own are away; others as they see the record. Raises as `look.open_record`."""
    with db.transaction() as session:
        row = writes.locked(session, enrollment_id)
        _check(session, row, actor)
        audit.record(session, actor, "care_team.view", "enrollment", row.id, patient_id=row.patient_id)
        patient = accounts.patient(session, row.patient_id)
        team = accounts.care_team(session, row.patient_id)
        on_it, owner = {one.user_id for one in team}, writes.standing_owner(session, row)
        others = [one for one in accounts.colleagues(session) if one[0] != actor.user_id]
        return TeamPage(
            enrollment_id=row.id,
            patient_name=f"{patient.given_name} {patient.family_name}",
            team=tuple(team),
            owner_id=owner,
            colleagues=tuple(one for one in others if one[0] not in on_it),
            heirs=tuple(one for one in others if one[0] != owner) if _may_hand_over(session, row, actor) else (),
            over=row.status in OVER,
        )


def assign(*, enrollment_id: UUID, user_id: UUID, actor: Actor) -> None:
    """Ask a colleague onto the care team. Twice is once.

    Raises as `open_team`; NotAllowed for oneself; Rejected for whoever looks after nobody; Conflict once it is over.
    """
    with db.transaction() as session:
        row = writes.locked(session, enrollment_id)
        _check(session, row, actor)
        if user_id == actor.user_id:
            raise NotAllowed(
                "not_oneself", words("A colleague on the care team can add you, or give a reason to look.")
            )
        if row.status in OVER:
            raise Conflict("over", words("This is over, so there is nothing to take."))
        _check_colleague(session, user_id)
        people.join_care_team(session, patient_id=row.patient_id, user_id=user_id, why="assigned")
        audit.record(session, actor, "care_team.assign", "user", user_id, patient_id=row.patient_id)


def ask_to_leave(*, enrollment_id: UUID, user_id: UUID, actor: Actor) -> Leaving | None:
    """The page before somebody leaves; None for whoever is not on the team. Raises as `open_team`."""
    with db.transaction() as session:
        row = writes.locked(session, enrollment_id)
        _check(session, row, actor)
        audit.record(session, actor, "care_team.view", "enrollment", row.id, patient_id=row.patient_id)
        team = accounts.care_team(session, row.patient_id)
        member = next((one for one in team if one.user_id == user_id), None)
        if member is None:
            return None
        patient = accounts.patient(session, row.patient_id)
        clinicians = [one.user_id for one in team if one.role == "clinician"]
        return Leaving(
            enrollment_id=row.id,
            patient_name=f"{patient.given_name} {patient.family_name}",
            member=member,
            owns_it=writes.standing_owner(session, row) == user_id,
            visit_at=_visit_with(session, row.patient_id, user_id),
            last_clinician=clinicians == [user_id],
        )


def remove(*, enrollment_id: UUID, user_id: UUID, why: str, actor: Actor) -> None:
    """Take somebody off the care team, oneself included, for one of the reasons in LEAVING. Twice is once.

    Raises as `open_team`; Rejected without a reason; Conflict for the owner, who hands over first, so that nobody is
    left without one unseen, and for whoever has a visit booked with the patient: that is moved or cancelled first.
    """
    if why not in LEAVING:
        raise Rejected("reason_missing", words("Choose why they leave the care team."))
    with db.transaction() as session:
        row = writes.locked(session, enrollment_id)
        _check(session, row, actor)
        if writes.standing_owner(session, row) == user_id:
            raise Conflict("owns_it", words("The owner hands this over first. Then they can leave the care team."))
        if _visit_with(session, row.patient_id, user_id) is not None:
            raise Conflict(
                "visit_booked", words("A visit with them is booked. Once it is held or cancelled they can leave.")
            )
        if people.leave_care_team(session, patient_id=row.patient_id, user_id=user_id):
            audit.record(session, actor, "care_team.remove", "user", user_id, patient_id=row.patient_id, reason=why)


def hand_over(*, enrollment_id: UUID, user_id: UUID, actor: Actor) -> None:
    """Give an enrollment to a colleague, who looks after the patient from now on. Twice is once.

    Its owner may, and the practice's owner, but never to themselves: nobody grabs what a colleague holds. Whoever
    owned it stays on the care team until somebody lets them go. Raises NotAllowed, Rejected, Conflict.
    """
    with db.transaction() as session:
        row = writes.locked(session, enrollment_id)
        if row.owner_id == user_id:
            return
        if not _may_hand_over(session, row, actor) or user_id == actor.user_id:
            raise NotAllowed("not_yours_to_give", words("Only its owner, or the practice's owner, can hand this over."))
        if row.status in OVER:
            raise Conflict("over", words("This is over, so there is nothing to take."))
        _check_colleague(session, user_id)
        row.owner_id = user_id
        people.join_care_team(session, patient_id=row.patient_id, user_id=user_id, why="assigned")
        audit.record(session, actor, "enrollment.hand_over", "user", user_id, patient_id=row.patient_id)


def _check(session: Session, row: Enrollment, actor: Actor) -> None:
    """A broken glass opens a record, not the care team: that would turn an hour into for ever."""
    if actor.kind == "staff" and actor.role == "owner":
        return
    if actor.kind != "staff" or actor.role not in CARERS:
        raise NotAllowed("care_team_only", words("Only the care team may open this."))
    if accounts.check_may_open(session, actor, row.patient_id) is not None:
        raise NotAllowed(
            "team_only", words("Only the care team itself, or the practice's owner, can change who is on it.")
        )


def _visit_with(session: Session, patient_id: UUID, user_id: UUID) -> datetime | None:
    """When this patient has a visit booked with this member of staff, or None."""
    visit, clinician = visits.booked_visit(session, patient_id), visits.practitioner_of(session, user_id)
    if visit is None or clinician is None or visit.practitioner_id != clinician.id:
        return None
    return visit.starts_at


def _may_hand_over(session: Session, row: Enrollment, actor: Actor) -> bool:
    owner = writes.standing_owner(session, row)
    return actor.kind == "staff" and (actor.role == "owner" or (owner is not None and owner == actor.user_id))


def _check_colleague(session: Session, user_id: UUID) -> None:
    if not accounts.carers_among(session, [user_id]):
        raise Rejected("no_carer", words("Choose a colleague who looks after patients."))
