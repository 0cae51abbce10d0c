"""Looks by broken glass, for those who review them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from service.accounts.models import BreakGlass, User
from service.accounts.queries.people import display_names, patients
from service.accounts.rules.care import REVIEW_WITHIN, may_review, overdue
from service.kit import crypto
from service.kit.actor import Actor

LISTED = 100


@dataclass(frozen=True, slots=True)
class Look:
    """A look by broken glass. `patient_name`, `reason` and `review` are empty for whoever does not review it."""

    id: UUID
    patient_id: UUID
    patient_name: str
    looker_id: UUID
    looker_name: str
    why: str
    reason: str
    opened_at: datetime
    expires_at: datetime
    overdue: bool
    may_review: bool
    reviewer: str  # whose task it is: owner, auditor where no other owner is left, nobody where there is no auditor
    reviewed_at: datetime | None
    reviewed_by: str
    justified: bool | None
    review: str


def looks(session: Session, viewer: Actor, wall_now: datetime) -> list[Look]:
    """The looks as `viewer` may see them: those that wait, the oldest first, then those reviewed lately."""
    waiting = session.scalars(select(BreakGlass).where(BreakGlass.reviewed_at.is_(None)).order_by(BreakGlass.opened_at))
    done = session.scalars(
        select(BreakGlass)
        .where(BreakGlass.reviewed_at.is_not(None))
        .order_by(BreakGlass.reviewed_at.desc())
        .limit(LISTED)
    )
    return _shown(session, [*waiting, *done], viewer, wall_now)


def look(session: Session, glass_id: UUID, viewer: Actor, wall_now: datetime) -> Look | None:
    """One look, or None."""
    row = session.get(BreakGlass, glass_id)
    return _shown(session, [row], viewer, wall_now)[0] if row is not None else None


def looker_of(session: Session, glass_id: UUID) -> UUID | None:
    """Who broke the glass, or None where `glass_id` is something else."""
    return session.scalar(select(BreakGlass.user_id).where(BreakGlass.id == glass_id))


def overdue_looks(session: Session, wall_now: datetime) -> list[UUID]:
    """The looks that have waited for their review for longer than seven days, the oldest first."""
    query = select(BreakGlass.id).where(
        BreakGlass.reviewed_at.is_(None), BreakGlass.opened_at < wall_now - REVIEW_WITHIN
    )
    return list(session.scalars(query.order_by(BreakGlass.opened_at)))


def is_only_owner(session: Session, user_id: UUID) -> bool:
    """Is this person an owner, and no other owner is left to judge what they do?"""
    return _is_owner(session, user_id) and not session.scalar(
        select(exists().where(User.role == "owner", User.deactivated_at.is_(None), User.id != user_id))
    )


def somebody_reviews(session: Session, looker: UUID) -> bool:
    """Is there anybody on the team who may judge what `looker` opens? The only owner needs an auditor."""
    reviewers = ["owner", "auditor"] if is_only_owner(session, looker) else ["owner"]
    others = exists().where(User.role.in_(reviewers), User.deactivated_at.is_(None), User.id != looker)
    return bool(session.scalar(select(others)))


def _is_owner(session: Session, user_id: UUID) -> bool:
    return bool(session.scalar(select(exists().where(User.id == user_id, User.role == "owner"))))


def _shown(session: Session, rows: list[BreakGlass], viewer: Actor, wall_now: datetime) -> list[Look]:
    names = display_names(session, {one for row in rows for one in (row.user_id, row.reviewed_by) if one})
    alone = {user_id: is_only_owner(session, user_id) for user_id in {row.user_id for row in rows}}
    judged = {user_id: somebody_reviews(session, user_id) for user_id in alone if alone[user_id]}
    people = patients(session, {row.patient_id for row in rows})
    found = []
    for row in rows:
        mine = may_review(
            role=viewer.role,
            viewer=viewer.user_id,
            looker=row.user_id,
            looker_is_only_owner=alone[row.user_id],
        )
        person = people[row.patient_id]
        found.append(
            Look(
                id=row.id,
                patient_id=row.patient_id,
                patient_name=f"{person.given_name} {person.family_name}" if mine else "",
                looker_id=row.user_id,
                looker_name=names.get(row.user_id, ""),
                why=row.why,
                reason=crypto.unseal(row.reason_sealed, "break_glass", "reason", row.id) if mine else "",
                opened_at=row.opened_at,
                expires_at=row.expires_at,
                overdue=row.reviewed_at is None and overdue(row.opened_at, wall_now),
                may_review=mine and row.reviewed_at is None,
                reviewer={None: "owner", True: "auditor", False: "nobody"}[judged.get(row.user_id)],
                reviewed_at=row.reviewed_at,
                reviewed_by=names.get(row.reviewed_by, "") if row.reviewed_by else "",
                justified=row.justified,
                review=crypto.unseal(row.review_sealed, "break_glass", "review", row.id)
                if mine and row.review_sealed is not None
                else "",
            )
        )
    return found
