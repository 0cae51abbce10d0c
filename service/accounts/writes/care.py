"""Who looks after whom."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from service.accounts.models import CareTeamMember
from service.kit.clock import wall_now
from service.kit.ids import new_id


def join_care_team(session: Session, *, patient_id: UUID, user_id: UUID, why: str) -> None:
    """From now on `user_id` looks after this patient. `why`: "visit", "took", "alert", "assigned". Twice is once."""
    session.execute(
        insert(CareTeamMember)
        .values(id=new_id(), patient_id=patient_id, user_id=user_id, why=why, since=wall_now())
        .on_conflict_do_nothing(index_elements=["patient_id", "user_id"], index_where=CareTeamMember.until.is_(None))
    )
