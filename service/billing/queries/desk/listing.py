"""A page of memberships by its place: a moment and an id, so that the thousandth page costs what the first does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Integer, Select, func, literal, select, tuple_, union_all
from sqlalchemy.dialects.postgresql import TEXT
from sqlalchemy.orm import Session, aliased

from service.accounts import queries as accounts
from service.billing.models import Dispute, Membership
from service.billing.queries.desk.shelves import SHELF, Stretch, narrowing
from service.billing.rules import card_words
from service.billing.rules.shelves import Wanted

PAGE = 25
MANY = 1000  # "1,000+" says enough, and the rest need not be read


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
    """A page, how many stand on each shelf that was counted (MANY + 1: more than MANY), and the places beside it."""

    rows: tuple[Line, ...]
    counts: dict[str, int]
    following: Place | None
    preceding: Place | None


def listing(session: Session, wanted: Wanted, *, after: Place | None = None, before: Place | None = None) -> Listing:
    """Whom `wanted` asks for, from `after` on or up to `before`. Where nobody is left there, the first page."""
    rows, more = _rows(session, wanted, after, before)
    if not rows and (after or before):
        after = before = None
        rows, more = _rows(session, wanted, None, None)
    earlier, later = (more, True) if before else (after is not None, more)
    return Listing(
        rows=tuple(lines(session, rows)),
        counts=_counts(session, wanted),
        following=_place(rows[-1]) if later and rows else None,
        preceding=_place(rows[0]) if earlier and rows else None,
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


def _rows(session: Session, wanted: Wanted, after: Place | None, before: Place | None) -> tuple[list[Membership], bool]:
    backwards = before is not None and after is None
    place = before if backwards else after
    parts = [_part(one, narrowing(wanted), place, backwards) for one in SHELF[wanted.shelf]]
    source: Any = union_all(*parts).subquery("found") if len(parts) > 1 else parts[0].subquery("found")
    row = aliased(Membership, source)
    query = select(row).order_by(*_order(row, backwards)).limit(PAGE + 1)
    found = list(session.scalars(query))
    here, more = found[:PAGE], len(found) > PAGE
    return (here[::-1] if backwards else here), more


def _part(
    stretch: Stretch, common: tuple[ColumnElement[bool], ...], place: Place | None, backwards: bool
) -> Select[Any]:
    query = select(Membership).where(*stretch.where, *common)
    if place is not None:
        query = query.where(_beyond(stretch, place, backwards))
    if stretch.few:
        # Gathered before it is sorted: else the planner may walk every membership in search of the few.
        return select(aliased(Membership, query.cte("few").prefix_with("MATERIALIZED")))
    lead = tuple(column.desc() for column in stretch.lead) if backwards else stretch.lead
    # A select of a select: a part of a UNION may be limited only in brackets.
    return select(query.order_by(*lead, *_order(Membership, backwards)).limit(PAGE + 1).subquery())


def _beyond(stretch: Stretch, place: Place, backwards: bool) -> ColumnElement[bool]:
    if not stretch.moment or place.at is None:
        return Membership.id < place.id if backwards else Membership.id > place.id
    here: Any = tuple_(Membership.period_ends_at, Membership.id)
    there: Any = (place.at, place.id)
    beyond: ColumnElement[bool] = here < there if backwards else here > there
    return beyond


def _order(row: Any, backwards: bool) -> tuple[Any, ...]:
    columns = (row.period_ends_at, row.id)
    return tuple(one.desc() for one in columns) if backwards else columns


def _place(row: Membership) -> Place:
    return Place(row.period_ends_at, row.id)


def _counts(session: Session, wanted: Wanted) -> dict[str, int]:
    """How many stand on each shelf, counted no further than anybody reads.

    Narrowed, only on the one that is shown: what few have would be sought through all the others.
    """
    common, parts = narrowing(wanted), []
    shown = {wanted.shelf: SHELF[wanted.shelf]} if common else SHELF
    for shelf, stretches in shown.items():
        for stretch in stretches:
            rows = select(literal(1, Integer)).where(*stretch.where, *common)
            if not stretch.few:
                # In the index' order: else the planner may read the table from its beginning in search of a thousand.
                rows = rows.order_by(*stretch.lead, *_order(Membership, False))
            walked = rows.limit(MANY + 1).subquery()
            number = select(func.count()).select_from(walked).scalar_subquery()
            parts.append(select(literal(shelf, TEXT), number))
    found: dict[str, int] = {}
    for shelf, number in session.execute(union_all(*parts)):
        found[shelf] = min(found.get(shelf, 0) + number, MANY + 1)
    return found
