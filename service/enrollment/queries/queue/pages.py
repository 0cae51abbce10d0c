"""A page of the queue by its place: a moment and an id, so that the thousandth page costs what the first does."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from itertools import product
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select, tuple_, union_all
from sqlalchemy.orm import Session, aliased

from service.enrollment.models import Enrollment
from service.enrollment.queries.queue.counts import counts
from service.enrollment.queries.queue.lines import Waiting, lines_of
from service.enrollment.queries.queue.narrowing import LIVE, Narrowed, narrowed
from service.enrollment.rules.queue import Wanted

PAGE = 25


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page begins or ends: beyond this moment and this id."""

    since: datetime
    id: UUID

    def __str__(self) -> str:
        return f"{self.since.isoformat()}_{self.id}"

    @classmethod
    def read(cls, text: str | None) -> Place | None:
        """The place an address names; None for none, and for one nobody made."""
        since, _, row_id = (text or "").replace(" ", "+").partition("_")
        try:
            moment = datetime.fromisoformat(since)
            return cls(moment, UUID(row_id)) if moment.tzinfo else None
        except ValueError:
            return None


@dataclass(frozen=True, slots=True)
class QueuePage:
    """A page, how many there are of each status (counts.MANY + 1: more than MANY), and the places beside it."""

    rows: tuple[Waiting, ...]
    counts: dict[str, int]
    following: Place | None
    preceding: Place | None


def queue(
    session: Session,
    *,
    wanted: Wanted,
    viewer: UUID | None,
    zone: str,
    now: datetime,
    after: Place | None = None,
    before: Place | None = None,
) -> QueuePage:
    """Whom `viewer` wants to see, from `after` on or up to `before`. Where nobody is left there, the first page."""
    conditions = narrowed(session, wanted, viewer=viewer, zone=zone, now=now)
    rows, more = rows_at(session, conditions, after=after, before=before)
    if not rows and (after or before):
        after = before = None
        rows, more = rows_at(session, conditions)
    earlier, later = (more, True) if before else (after is not None, more)
    return QueuePage(
        rows=tuple(lines_of(session, rows, viewer, now)),
        counts=counts(session, conditions),
        following=_place(rows[-1]) if later and rows else None,
        preceding=_place(rows[0]) if earlier and rows else None,
    )


def rows_at(
    session: Session, wanted: Narrowed, *, after: Place | None = None, before: Place | None = None
) -> tuple[list[Enrollment], bool]:
    """The rows of one page, and whether there are more beyond it in the direction it was turned."""
    if not wanted.owners:
        return [], False
    backwards = before is not None and after is None
    found = list(session.scalars(_gathered(wanted, after, before, backwards)))
    here, more = found[:PAGE], len(found) > PAGE
    return (here[::-1] if backwards else here), more


def _gathered(wanted: Narrowed, after: Place | None, before: Place | None, backwards: bool) -> Select[Any]:
    beyond: list[Any] = []
    if after:
        beyond.append(tuple_(Enrollment.status_changed_at, Enrollment.id) > (after.since, after.id))
    elif before:
        beyond.append(tuple_(Enrollment.status_changed_at, Enrollment.id) < (before.since, before.id))
    every = select(Enrollment).where(LIVE, *wanted.common, *beyond)
    if wanted.few:
        owned = [one for one in wanted.owners if one is not None]
        few = every.where(*wanted.few, Enrollment.status.in_(wanted.statuses))
        if owned:
            few = few.where(_any(owned))
        # Gathered before it is sorted: else the planner may walk the whole queue in search of the few.
        source: Any = few.cte("found").prefix_with("MATERIALIZED")
    else:
        stretches = [
            _stretch(every, status, owner, backwards) for status, owner in product(wanted.statuses, wanted.owners)
        ]
        source = union_all(*stretches).subquery("found") if len(stretches) > 1 else stretches[0].subquery("found")
    row = aliased(Enrollment, source)
    return select(row).order_by(*_order(row, backwards)).limit(PAGE + 1)


def _stretch(every: Select[Any], status: str, owner: Any, backwards: bool) -> Select[Any]:
    """The first rows of one status (and owner), as the index has them.

    The owner stands in the order too: "is nobody" is no equality to the planner, which would sort them all.
    """
    here = every.where(Enrollment.status == status)
    order = _order(Enrollment, backwards)
    if owner is not None:
        here = here.where(owner)
        order = (Enrollment.owner_id.desc() if backwards else Enrollment.owner_id, *order)
    # A select of a select: a part of a UNION may be limited only in brackets.
    return select(here.order_by(*order).limit(PAGE + 1).subquery())


def _order(row: Any, backwards: bool) -> tuple[Any, ...]:
    columns = (row.status_changed_at, row.id)
    return tuple(one.desc() for one in columns) if backwards else columns


def _any(conditions: list[Any]) -> Any:
    first, *rest = conditions
    for one in rest:
        first = first | one
    return first


def _place(row: Enrollment) -> Place:
    return Place(row.status_changed_at, row.id)
