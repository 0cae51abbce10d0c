"""Every sealed column of the house: which there are, under which keys their values stand, and putting them under ours.

By convention a column `x_sealed` of the table `t` is sealed for the place (t, x, id of the row); a test holds the whole
code to it. So one loop can seal everything again, knowing nothing of what it holds.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy import (
    Column,
    ColumnElement,
    Engine,
    Integer,
    MetaData,
    Table,
    case,
    func,
    literal,
    select,
    update,
)

from service.kit import crypto

SUFFIX = "_sealed"
BATCH = 200  # rows whose locks are held together: a request waits for a few of them at most


@dataclass(frozen=True, slots=True)
class Place:
    """One sealed column. `name` is what its values are bound to: the column without its ending."""

    table: Table
    column: Column[bytes]

    @property
    def name(self) -> str:
        """The column as sealing knows it."""
        return self.column.name.removesuffix(SUFFIX)

    def __str__(self) -> str:
        return f"{self.table.name}.{self.column.name}"


@dataclass(frozen=True, slots=True)
class Unopened:
    """A value that no key here opens, and why."""

    row_id: UUID
    key: str
    why: str


@dataclass(slots=True)
class Resealed:
    """What came of one column: values sealed again, values a request changed meanwhile, values nobody can open."""

    again: int = 0
    overtaken: int = 0
    unopened: list[Unopened] = field(default_factory=list)


def places(metadata: MetaData) -> list[Place]:
    """Every sealed column of `metadata`, by name."""
    tables = sorted(metadata.tables.values(), key=lambda table: table.name)
    return [Place(table, column) for table in tables for column in table.columns if column.name.endswith(SUFFIX)]


def under(place: Place, key: str) -> ColumnElement[bool]:
    """Whether a value of `place` names `key` as its own."""
    front = bytes([len(key.encode())]) + key.encode()
    return func.substring(place.column, 1, len(front)) == literal(front, place.column.type)


def keys_in(engine: Engine, place: Place) -> dict[str, int]:
    """How many values of `place` stand under each key's id. Empty where there are none."""
    zero = literal(0, Integer)
    length = case((func.length(place.column) > 0, func.get_byte(place.column, zero)), else_=zero)
    fronts = (
        select(func.substring(place.column, 1, length + 1).label("front")).where(place.column.is_not(None)).subquery()
    )
    rows = select(fronts.c.front, func.count()).group_by(fronts.c.front)
    found: dict[str, int] = {}
    with engine.connect() as connection:
        for value, count in connection.execute(rows):
            key = crypto.key_of(value or b"")
            found[key] = found.get(key, 0) + count
    return found


def reseal(engine: Engine, place: Place, *, batch: int = BATCH) -> Iterator[Resealed]:
    """Put each value of `place` under the current key, a batch at a time; what came of each batch comes out.

    Values that are there already are passed over, so it may be stopped anywhere and begun again. A value that changed
    since it was read stays as it is: whoever changed it sealed it.
    """
    last: UUID | None = None
    while True:
        with engine.begin() as connection:
            wanted = select(place.table.c.id, place.column).where(
                place.column.is_not(None), ~under(place, crypto.current())
            )
            if last is not None:
                wanted = wanted.where(place.table.c.id > last)
            rows = connection.execute(wanted.order_by(place.table.c.id).limit(batch)).all()
            done = Resealed()
            for row_id, old in rows:
                try:
                    plain = crypto.unseal_bytes(old, place.table.name, place.name, row_id)
                except crypto.Unsealable:
                    done.unopened.append(_unopened(row_id, old))
                    continue
                new = crypto.seal_bytes(plain, place.table.name, place.name, row_id)
                changed = connection.execute(
                    update(place.table)
                    .where(place.table.c.id == row_id, place.column == old)
                    .values({place.column.name: new})
                )
                if changed.rowcount:
                    done.again += 1
                else:
                    done.overtaken += 1
        if not rows:
            return
        last = rows[-1][0]
        yield done


def sealed_at(place: Place, row_id: UUID, value: str | list[str]) -> bytes:
    """`value` sealed for `place`: text as it is, a list as JSON."""
    if isinstance(value, str):
        return crypto.seal(value, place.table.name, place.name, row_id)
    return crypto.seal_json(value, place.table.name, place.name, row_id)


def sample(engine: Engine, place: Place, count: int) -> Sequence[Unopened]:
    """Open up to `count` values of `place`, the newest and the oldest. Returns those that do not open."""
    bad: dict[UUID, Unopened] = {}
    with engine.connect() as connection:
        for order in (place.table.c.id.asc(), place.table.c.id.desc()):
            rows = select(place.table.c.id, place.column).where(place.column.is_not(None)).order_by(order)
            for row_id, value in connection.execute(rows.limit((count + 1) // 2)):
                try:
                    crypto.unseal_bytes(value, place.table.name, place.name, row_id)
                except crypto.Unsealable:
                    bad[row_id] = _unopened(row_id, value)
    return list(bad.values())


def _unopened(row_id: UUID, value: bytes) -> Unopened:
    key = crypto.key_of(value)
    return Unopened(row_id, key, "changed or moved" if key in crypto.ids() else "its key is not here")
