"""An enrollment that goes on in another state: before a decision at once, after one by a clinician licensed there."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from service.enrollment.models import Enrollment
from service.enrollment.writes.steps import locked, step
from service.kit.actor import Actor
from service.kit.errors import Conflict, words


def relocate(session: Session, enrollment: Enrollment | UUID, to_state: str, actor: Actor, now: datetime) -> str:
    """Before a decision: from now on everything is asked of `to_state` (a USPS code). Returns the status.

    Where it is already, nothing changes. Raises Conflict once something was decided, NotFound without an enrollment.
    """
    row = locked(session, enrollment if isinstance(enrollment, UUID) else enrollment.id)
    if row.state == to_state:
        return row.status
    return _go(session, row, "relocate", to_state, actor, now)


def transfer(session: Session, enrollment: Enrollment | UUID, to_state: str, actor: Actor, now: datetime) -> str:
    """After a decision: a clinician licensed in `to_state` saw the patient and care goes on there. Returns the status.

    Who had signed everything has that state's texts to sign. Where it is already, nothing changes. Raises Conflict
    when the patient is not moving there (back home meanwhile, or on to a third state) or the table knows no such step,
    NotFound without an enrollment.
    """
    row = locked(session, enrollment if isinstance(enrollment, UUID) else enrollment.id)
    if row.state == to_state and row.moving_to is None:
        return row.status
    if row.moving_to != to_state:
        raise Conflict(
            "not_moving_there", words("This patient no longer moves to that state. Reload the page to see where to.")
        )
    return _go(session, row, "transfer", to_state, actor, now)


def _go(session: Session, row: Enrollment, event: str, to_state: str, actor: Actor, now: datetime) -> str:
    row.state, row.moving_to, row.moving_since = to_state, None, None
    return step(session, row, event, actor, now, place=to_state)
