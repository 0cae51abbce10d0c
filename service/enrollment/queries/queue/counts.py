"""How many there are of each status, counted no further than anybody reads."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Integer, func, literal, select, union_all
from sqlalchemy.dialects.postgresql import TEXT
from sqlalchemy.orm import Session

from service.enrollment.models import Enrollment
from service.enrollment.queries.queue.narrowing import LIVE, Narrowed
from service.enrollment.rules.queue import LISTED

MANY = 1000  # "1,000+" says enough, and the rest need not be read


def counts(session: Session, wanted: Narrowed) -> dict[str, int]:
    """Of each status that is listed, whatever status is wanted; MANY + 1 where there are more than MANY."""
    found: dict[str, int] = {}
    if wanted.owners:
        query = _of_few(wanted) if wanted.few else _walked(wanted)
        for status, number in session.execute(query):
            found[status] = min(found.get(status, 0) + number, MANY + 1)
    return {status: found.get(status, 0) for status in LISTED}


def _walked(wanted: Narrowed) -> Any:
    """One short walk along an index for each status and owner."""
    parts = []
    for status in LISTED:
        for owner in wanted.owners:
            rows = select(literal(1, Integer)).where(LIVE, Enrollment.status == status, *wanted.common)
            order: tuple[Any, ...] = (Enrollment.status_changed_at, Enrollment.id)
            if owner is not None:
                rows, order = rows.where(owner), (Enrollment.owner_id, *order)
            # In the index' order: else the planner may read the table from its beginning in search of a thousand.
            walked = rows.order_by(*order).limit(MANY + 1).subquery()
            number = select(func.count()).select_from(walked).scalar_subquery()
            parts.append(select(literal(status, TEXT), number))
    return union_all(*parts)


def _of_few(wanted: Narrowed) -> Any:
    rows = select(Enrollment.status, func.count()).where(LIVE, *wanted.common, *wanted.few)
    owned = [one for one in wanted.owners if one is not None]
    if owned:
        mine = owned[0]
        for one in owned[1:]:
            mine = mine | one
        rows = rows.where(mine)
    return rows.group_by(Enrollment.status)
