"""The offer at sign-up."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import func, update

from service.accounts.models import User
from service.audit import writes as audit
from service.kit import db
from service.kit.actor import Actor


def decline_second_step(*, user_id: UUID, actor: Actor, wall_now: datetime) -> None:
    """ "Not now" is an answer: the offer is not made again. The settings page stays."""
    with db.transaction() as session:
        declined = func.coalesce(User.second_step_declined_at, wall_now)
        session.execute(update(User).where(User.id == user_id).values(second_step_declined_at=declined))
        audit.record(session, actor, "account.decline_second_step", "user", user_id)
