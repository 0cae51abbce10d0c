"""Who looks after whom, and emergency looks, inside the caller's transaction. Wall time."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from service.accounts.models import BreakGlass, CareTeamMember, User
from service.accounts.rules.care import GLASS_LASTS
from service.kit import crypto
from service.kit.clock import wall_now
from service.kit.ids import new_id


def join_care_team(session: Session, *, patient_id: UUID, user_id: UUID, why: str) -> None:
    """From now on `user_id` looks after this patient. `why`: "visit", "took", "alert", "assigned". Twice is once."""
    session.execute(
        insert(CareTeamMember)
        .values(id=new_id(), patient_id=patient_id, user_id=user_id, why=why, since=wall_now())
        .on_conflict_do_nothing(index_elements=["patient_id", "user_id"], index_where=CareTeamMember.until.is_(None))
    )


def leave_care_team(session: Session, *, patient_id: UUID, user_id: UUID, why: str | None = None) -> bool:
    """`user_id` no longer looks after this patient; with `why`, only if that is what brought them. Whether they did."""
    statement = update(CareTeamMember).where(
        CareTeamMember.patient_id == patient_id, CareTeamMember.user_id == user_id, CareTeamMember.until.is_(None)
    )
    if why is not None:
        statement = statement.where(CareTeamMember.why == why)
    return session.execute(statement.values(until=wall_now()).returning(CareTeamMember.id)).first() is not None


def end_care_team(session: Session, *, patient_id: UUID) -> None:
    """Care is over: nobody looks after this patient any more."""
    session.execute(
        update(CareTeamMember)
        .where(CareTeamMember.patient_id == patient_id, CareTeamMember.until.is_(None))
        .values(until=wall_now())
    )


def leave_every_care_team(session: Session, *, user_id: UUID) -> None:
    """Somebody leaves the staff, and with it every care team. Looks by broken glass end too."""
    now = wall_now()
    session.execute(
        update(CareTeamMember)
        .where(CareTeamMember.user_id == user_id, CareTeamMember.until.is_(None))
        .values(until=now)
    )
    session.execute(
        update(BreakGlass).where(BreakGlass.user_id == user_id, BreakGlass.expires_at > now).values(expires_at=now)
    )


def break_glass(session: Session, *, patient_id: UUID, user_id: UUID, why: str, reason: str, at: datetime) -> UUID:
    """Open a record for an hour from `at` (wall time). Returns the look's id: somebody must review it."""
    glass_id = new_id()
    session.add(
        BreakGlass(
            id=glass_id,
            patient_id=patient_id,
            user_id=user_id,
            why=why,
            reason_sealed=crypto.seal(reason, "break_glass", "reason", glass_id),
            opened_at=at,
            expires_at=at + GLASS_LASTS,
        )
    )
    session.flush()
    return glass_id


def take_turns(session: Session, user_id: UUID) -> None:
    """Let two requests of one person follow each other until the transaction ends."""
    session.execute(select(User.id).where(User.id == user_id).with_for_update(key_share=True))


def lock_look(session: Session, glass_id: UUID) -> None:
    """Let two reviews of one look follow each other until the transaction ends."""
    session.execute(select(BreakGlass.id).where(BreakGlass.id == glass_id).with_for_update())


def keep_review(
    session: Session, glass_id: UUID, *, reviewed_by: UUID, justified: bool, text: str, at: datetime
) -> None:
    """What somebody found about a look that nobody judged before."""
    session.execute(
        update(BreakGlass)
        .where(BreakGlass.id == glass_id, BreakGlass.reviewed_at.is_(None))
        .values(
            reviewed_at=at,
            reviewed_by=reviewed_by,
            justified=justified,
            review_sealed=crypto.seal(text, "break_glass", "review", glass_id),
        )
    )
