"""A wish as conditions, and which of the indexes answers it.

Two ways lead to a page of the longest waiting, and neither reads more rows than it shows by much, however many
enrollments there are. A *walk* goes along an index that is in the queue's order already, one stretch for each status
and owner, and takes the first few of each. What only *few* people have (a hold, an open alert, a move, a visit today)
is gathered first, whole, and sorted.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, exists, select, text
from sqlalchemy.orm import Session

from service.accounts import queries as accounts
from service.enrollment.models import Enrollment
from service.enrollment.rules.queue import Wanted
from service.safety import queries as safety
from service.visits import queries as visits

# As the partial indexes say it, word for word: a bound value would hide from the planner that they fit.
LIVE = text("enrollments.status NOT IN ('declined', 'ended')")
Condition = ColumnElement[bool]


@dataclass(frozen=True, slots=True)
class Narrowed:
    """`common` holds for every row. `owners` are the stretches of a walk: the conditions on whose they are; none means
    that nothing fits. `few` is set where rare things are asked for: then nothing is walked."""

    statuses: tuple[str, ...]
    common: tuple[Any, ...]
    owners: tuple[Condition | None, ...]
    few: tuple[Any, ...]


def narrowed(session: Session, wanted: Wanted, *, viewer: UUID | None, zone: str, now: datetime) -> Narrowed:
    """What `viewer`, whose day is that of `zone`, wants at `now`."""
    common: list[Any] = []
    if wanted.state:
        common.append(Enrollment.state == wanted.state)
    if wanted.longer:
        common.append(Enrollment.status_changed_at < now - wanted.longer_than)
    few: list[Any] = []
    if wanted.flag == "hold":
        few.append(Enrollment.patient_id.in_(safety.on_hold()))
    if wanted.flag == "alert":
        few.append(Enrollment.patient_id.in_(safety.alerted()))
    if wanted.moving:
        few.append(Enrollment.moving_since.is_not(None))
    if wanted.today:
        midnight = datetime.combine(now.astimezone(ZoneInfo(zone)).date(), time(0), ZoneInfo(zone))
        few.append(Enrollment.patient_id.in_(visits.booked_between(midnight, midnight + timedelta(days=1))))
    return Narrowed(wanted.statuses, tuple(common), _owners(session, wanted.owner, viewer), tuple(few))


def _owners(session: Session, owner: str, viewer: UUID | None) -> tuple[Condition | None, ...]:
    if not owner:
        return (None,)
    if owner == "nobody":
        return (Enrollment.owner_id.is_(None),)
    if owner == "left":
        return tuple(Enrollment.owner_id == one for one in _leavers(session))
    user_id = viewer if owner == "mine" else UUID(owner)
    return (Enrollment.owner_id == user_id,) if user_id else ()


def _leavers(session: Session) -> list[UUID]:
    """Who owns something still and looks after nobody any more: they have left, or do other work now."""
    former = accounts.former_carers().subquery()
    owns = exists().where(Enrollment.owner_id == former.c.id, LIVE)
    return list(session.scalars(select(former.c.id).where(owns).order_by(former.c.id)))
