"""A page of memberships by its place: a moment and an id, so that the thousandth page costs what the first does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Integer, Select, and_, func, literal, select, tuple_, union_all
from sqlalchemy.dialects.postgresql import TEXT
from sqlalchemy.orm import Session, aliased

from service.accounts import queries as accounts
from service.billing.models import Dispute, Membership
from service.billing.queries.desk.shelves import SHELF, Stretch, narrowing
from service.billing.rules import card_words
from service.billing.rules.shelves import Wanted

PAGE = 25
MANY = 1000  # "1,000+" says enough, and the rest need not be read
LOOKED = 5000  # rows of each stretch that a narrowed page looks through: whom few are like is sought a part at a time


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page begins or ends: beyond this moment (None on a shelf without moments) and this id."""

    at: datetime | None
    id: UUID

    def __str__(self) -> str:
        return f"{self.at.isoformat() if self.at else ''}_{self.id}"

    @classmethod
    def read(cls, text: str | None) -> Place | None:
        """The place an address names; None for none, and for one nobody made."""
        at, _, row_id = (text or "").replace(" ", "+").partition("_")
        try:
            moment = datetime.fromisoformat(at) if at else None
            return cls(moment, UUID(row_id)) if moment is None or moment.tzinfo else None
        except ValueError:
            return None


@dataclass(frozen=True, slots=True)
class Line:
    """One membership as the list shows it. Money in cents; `waits` says what it waits for, in a code."""

    id: UUID
    patient_id: UUID
    name: str
    state: str
    status: str
    stopped_for: str | None
    plan: str
    price_cents: int
    card: str
    period_ends_at: datetime | None
    grace_since: datetime | None
    resumes_at: datetime | None
    ending: bool
    disputed: bool


@dataclass(frozen=True, slots=True)
class Listing:
    """A page, how many stand on each shelf that was counted (MANY + 1: more than MANY), and the places beside it.

    A narrowed page may be short, or empty, and have a place beside it all the same: there is more to look through.
    """

    rows: tuple[Line, ...]
    counts: dict[str, int]
    following: Place | None
    preceding: Place | None


def listing(session: Session, wanted: Wanted, *, after: Place | None = None, before: Place | None = None) -> Listing:
    """Whom `wanted` asks for, from `after` on or up to `before`. Where nobody is left there, the first page."""
    backwards = before is not None and after is None
    rows, onward = _rows(session, wanted, before if backwards else after, backwards)
    if not rows and not wanted.narrowed and (after or before):
        after, backwards = None, False
        rows, onward = _rows(session, wanted, None, backwards)
    first, last = (_place(rows[0]), _place(rows[-1])) if rows else (None, None)
    return Listing(
        rows=tuple(lines(session, rows)),
        counts=_counts(session, wanted),
        following=last if backwards else onward,
        preceding=onward if backwards else first if after else None,
    )


def lines(session: Session, rows: Sequence[Membership]) -> list[Line]:
    """`rows` as the list shows them, in a fixed number of statements however many they are."""
    people = accounts.patients(session, [row.patient_id for row in rows])
    ids = [row.id for row in rows]
    disputed = set(
        session.scalars(
            select(Dispute.membership_id).where(Dispute.membership_id.in_(ids), Dispute.closed_at.is_(None))
        )
    )
    return [
        Line(
            id=row.id,
            patient_id=row.patient_id,
            name=f"{people[row.patient_id].given_name} {people[row.patient_id].family_name}",
            state=people[row.patient_id].state,
            status=row.status,
            stopped_for=row.stopped_for,
            plan=row.plan,
            price_cents=row.price_cents,
            card=card_words(row.card_brand, row.card_last4),
            period_ends_at=row.period_ends_at,
            grace_since=row.grace_since,
            resumes_at=row.collection_resumes_at,
            ending=row.cancels_at_period_end and row.status != "ended",
            disputed=row.id in disputed,
        )
        for row in rows
    ]


def _rows(
    session: Session, wanted: Wanted, place: Place | None, backwards: bool
) -> tuple[list[Membership], Place | None]:
    """A page from a place on, and where the one after it in this direction begins."""
    parts = [_part(one, wanted, place, backwards) for one in SHELF[wanted.shelf]]
    source: Any = union_all(*parts).subquery("found") if len(parts) > 1 else parts[0].subquery("found")
    row = aliased(Membership, source)
    query = select(row).order_by(*_order(row, backwards)).limit(PAGE + 1)
    edge = _edge(session, wanted, place, backwards) if wanted.narrowed else None
    if edge is not None:
        query = query.where(_up_to(row, edge, backwards))
    found = list(session.scalars(query))
    here = found[:PAGE]
    onward = _place(here[-1]) if len(found) > PAGE else edge
    return (here[::-1] if backwards else here), onward


def _part(stretch: Stretch, wanted: Wanted, place: Place | None, backwards: bool) -> Select[Any]:
    if stretch.few:
        # Gathered before it is sorted: else the planner may walk every membership in search of the few.
        query = _from(stretch, place, backwards).where(*narrowing(wanted, Membership))
        return select(aliased(Membership, query.cte("few").prefix_with("MATERIALIZED")))
    along = _from(stretch, place, backwards).order_by(*_along(stretch, backwards))
    # A select of a select: a part of a UNION may be limited only in brackets.
    if not wanted.narrowed:
        return select(along.limit(PAGE + 1).subquery())
    looked = aliased(Membership, along.limit(LOOKED).subquery("looked"))
    fitting = select(looked).where(*narrowing(wanted, looked)).order_by(*_order(looked, backwards))
    return select(fitting.limit(PAGE + 1).subquery())


def _edge(session: Session, wanted: Wanted, place: Place | None, backwards: bool) -> Place | None:
    """How far a narrowed page has looked; None: to the end. Of several stretches, where the first one stopped."""
    edges = []
    for stretch in SHELF[wanted.shelf]:
        if stretch.few:
            continue
        along = _from(stretch, place, backwards).order_by(*_along(stretch, backwards))
        places = along.with_only_columns(Membership.period_ends_at, Membership.id).offset(LOOKED - 1).limit(2)
        last = session.execute(places).all()
        if len(last) > 1:  # one more is left behind it
            edges.append(Place(*last[0]))
    return (max if backwards else min)(edges, key=lambda one: (one.at, one.id), default=None)


def _from(stretch: Stretch, place: Place | None, backwards: bool) -> Select[Any]:
    query = select(Membership).where(*stretch.where)
    return query if place is None else query.where(_beyond(stretch, place, backwards))


def _along(stretch: Stretch, backwards: bool) -> tuple[Any, ...]:
    """In the index' order."""
    lead = tuple(column.desc() for column in stretch.lead) if backwards else stretch.lead
    return (*lead, *_order(Membership, backwards))


def _beyond(stretch: Stretch, place: Place, backwards: bool) -> ColumnElement[bool]:
    if not stretch.moment or place.at is None:
        return Membership.id < place.id if backwards else Membership.id > place.id
    here: Any = tuple_(Membership.period_ends_at, Membership.id)
    there: Any = (place.at, place.id)
    beyond: ColumnElement[bool] = here < there if backwards else here > there
    return beyond


def _up_to(row: Any, edge: Place, backwards: bool) -> ColumnElement[bool]:
    if edge.at is None:
        short_of: ColumnElement[bool] = row.id >= edge.id if backwards else row.id <= edge.id
        return short_of
    here: Any = tuple_(row.period_ends_at, row.id)
    there: Any = (edge.at, edge.id)
    found: ColumnElement[bool] = here >= there if backwards else here <= there
    return found


def _order(row: Any, backwards: bool) -> tuple[Any, ...]:
    columns = (row.period_ends_at, row.id)
    return tuple(one.desc() for one in columns) if backwards else columns


def _place(row: Membership) -> Place:
    return Place(row.period_ends_at, row.id)


def _counts(session: Session, wanted: Wanted) -> dict[str, int]:
    """How many stand on each shelf, counted no further than anybody reads.

    Narrowed, only on the one that is shown, and only where it could be looked through to its end.
    """
    if wanted.narrowed:
        return _narrowed_count(session, wanted)
    parts = []
    for shelf, stretches in SHELF.items():
        for stretch in stretches:
            rows = select(literal(1, Integer)).where(*stretch.where)
            if not stretch.few:
                # In the index' order: else the planner may read the table from its beginning in search of a thousand.
                rows = rows.order_by(*_along(stretch, False))
            number = select(func.count()).select_from(rows.limit(MANY + 1).subquery()).scalar_subquery()
            parts.append(select(literal(shelf, TEXT), number))
    found: dict[str, int] = {}
    for shelf, number in session.execute(union_all(*parts)):
        found[shelf] = min(found.get(shelf, 0) + number, MANY + 1)
    return found


def _narrowed_count(session: Session, wanted: Wanted) -> dict[str, int]:
    found = 0
    for stretch in SHELF[wanted.shelf]:
        rows = _from(stretch, None, False)
        if not stretch.few:
            rows = rows.order_by(*_along(stretch, False))
        looked = aliased(Membership, rows.limit(LOOKED + 1).subquery("looked"))
        there = and_(True, *narrowing(wanted, looked))
        seen, fitting = session.execute(select(func.count(), func.count().filter(there)).select_from(looked)).one()
        if seen > LOOKED:
            return {}
        found += fitting
    return {wanted.shelf: min(found, MANY + 1)}
