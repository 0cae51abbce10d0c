"""Who looks after whom, and who may look."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from service.accounts.models import BreakGlass, CareTeamMember


def on_care_team(session: Session, *, patient_id: UUID, user_id: UUID) -> bool:
    """Does this member of staff look after this patient today?"""
    found = exists().where(
        CareTeamMember.patient_id == patient_id, CareTeamMember.user_id == user_id, CareTeamMember.until.is_(None)
    )
    return bool(session.scalar(select(found)))


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
