"""How one visit came of another."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import Integer, cast, literal, select
from sqlalchemy.orm import Session, aliased

from service.visits.models import Appointment


def chain_of(session: Session, appointment_id: UUID) -> tuple[UUID, int]:
    """The first appointment of those that were changed into this one, and how often it was changed."""
    walk = (
        select(Appointment.id, Appointment.changed_from_id, cast(literal(0), Integer).label("n"))
        .where(Appointment.id == appointment_id)
        .cte(recursive=True)
    )
    before = aliased(Appointment)
    walk = walk.union_all(
        select(before.id, before.changed_from_id, walk.c.n + 1).where(before.id == walk.c.changed_from_id)
    )
    first = session.execute(select(walk.c.id, walk.c.n).order_by(walk.c.n.desc()).limit(1)).one_or_none()
    return (first.id, first.n) if first is not None else (appointment_id, 0)
