"""What older code wrote in the clear, beside what seals it since 0016. A migration has no keys: this has them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Engine, and_, func, select, update

from service.keeping.owner import tables
from service.kit.sealed import SUFFIX, Place, sealed_at


@dataclass(frozen=True, slots=True)
class ClearColumn:
    """A column that new code leaves empty. Where `copied` it repeats what `sealed_in` says already, and is emptied."""

    table: str
    column: str
    sealed_in: str
    copied: bool = False

    @property
    def place(self) -> Place:
        """The sealed column beside it."""
        table = tables().tables[self.table]
        return Place(table, table.c[self.sealed_in + SUFFIX])

    def __str__(self) -> str:
        return f"{self.table}.{self.column}"


CLEAR = (
    ClearColumn("assessments", "rule_ids", "rule_ids"),
    ClearColumn("assessment_turns", "question_id", "question"),
    ClearColumn("assessment_turns", "rule_ids", "rule_ids"),
    ClearColumn("appointments", "needs", "accommodations"),
    ClearColumn("encounters", "pdmp_finding", "record", copied=True),
    ClearColumn("encounters", "em_code", "record", copied=True),
)


def in_the_clear(engine: Engine) -> dict[str, int]:
    """How many values still stand in the clear, by column; columns without one are left out."""
    with engine.connect() as connection:
        counts = {
            str(one): connection.execute(
                select(func.count()).select_from(one.place.table).where(_stands(one))
            ).scalar_one()
            for one in CLEAR
        }
    return {column: count for column, count in counts.items() if count}


def seal_clear(engine: Engine, batch: int) -> dict[str, int]:
    """Seal what stands in the clear, and empty it, `batch` rows at a time. Returns how many, by column.

    A value that changes meanwhile is left as it is, for the next turn. May be killed and begun again at any moment.
    """
    done: dict[str, int] = {}
    for one in CLEAR:
        for count in _batches(engine, one, batch):
            done[str(one)] = done.get(str(one), 0) + count
    return done


def _batches(engine: Engine, one: ClearColumn, batch: int) -> Iterator[int]:
    place, clear = one.place, one.place.table.c[one.column]
    table, last = place.table, None
    while True:
        with engine.begin() as connection:
            wanted = select(table.c.id, clear).where(_stands(one)).order_by(table.c.id).limit(batch)
            rows = connection.execute(wanted if last is None else wanted.where(table.c.id > last)).all()
            changed = 0
            for row_id, value in rows:
                kept: dict[str, object] = {clear.name: type(value)()}
                if not one.copied:
                    # What is sealed already is newer: only code that seals writes there.
                    kept[place.column.name] = func.coalesce(place.column, sealed_at(place, row_id, value))
                changed += connection.execute(
                    update(table).where(table.c.id == row_id, clear == value).values(kept)
                ).rowcount
        if not rows:
            return
        last = rows[-1][0]
        yield changed


def _stands(one: ClearColumn) -> ColumnElement[bool]:
    """Is something in the clear that may be taken away?"""
    clear = one.place.table.c[one.column]
    empty: object = [] if clear.type.python_type is list else ""
    return and_(clear != empty, one.place.column.is_not(None)) if one.copied else clear != empty
