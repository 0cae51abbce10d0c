"""The programs a patient may join: for which condition, which assessment leads in, which measures when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import time

from service.catalog.rules.reading import Table, unique

CONDITIONS = ("ocd", "depression", "anxiety", "ptsd", "chronic_pain")


@dataclass(frozen=True)
class Cadence:
    """When one instrument is asked: every so many local days after the day the membership began, at a local time."""

    instrument: str
    first_after_days: int
    every_days: int
    at: time
    open_for_days: int


@dataclass(frozen=True)
class Program:
    """A pathway for one condition. `name` is for the patient's own eyes, never for mail or payment."""

    key: str
    condition: str
    name: str
    assessment: str
    cadences: tuple[Cadence, ...]


def read_program(table: Table) -> Program:
    """One `programs/<program>.toml`. Raises CatalogError."""
    cadences = tuple(_cadence(row) for row in table.tables("check_ins"))
    unique(table, "check_ins", cadences, lambda cadence: cadence.instrument)
    program = Program(
        key=table.like("key", "[a-z][a-z0-9_]*", "ocd"),
        condition=table.one_of("condition", CONDITIONS),
        name=table.text("name"),
        assessment=table.text("assessment"),
        cadences=cadences,
    )
    table.close()
    return program


def _cadence(row: Table) -> Cadence:
    cadence = Cadence(
        instrument=row.text("instrument"),
        first_after_days=row.number("first_after_days", least=0),
        every_days=row.number("every_days", least=1),
        at=row.clock_time("at"),
        open_for_days=row.number("open_for_days", least=1),
    )
    row.close()
    if cadence.open_for_days > cadence.every_days:
        raise row.fail("open_for_days", "is longer than every_days: two check-ins would be open at once")
    return cadence
