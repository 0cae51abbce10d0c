"""Slot search with a million enrollments and 500 clinicians, against the same with a thousand."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import date

from sqlalchemy.orm import Session, sessionmaker

from service.kit import db
from service.sandbox.postgres import running_postgres
from service.visits import queries
from tests.bench.clinic import NOW, PRACTITIONERS, filled
from tests.bench.frame import Result, compare

NAME = "slots"
FEW, MANY = 1_000, 1_000_000
AT_MOST = 1.5
ZONE = "America/New_York"
DAY = date(2026, 11, 25)
AGAIN = 5  # searches in one reading

Search = Callable[[Session], int]


def a_day(session: Session) -> int:
    """The page of one day: every time of every clinician."""
    return len(queries.open_times(session, state="NJ", now=NOW, zone=ZONE, days=(DAY, DAY)))


def the_days(session: Session) -> int:
    """The list of days on which anything is open."""
    return len(queries.open_days(session, state="NJ", now=NOW, zone=ZONE))


def run() -> list[Result]:
    """Milliseconds of a search in both clinics, in turns."""
    with running_postgres() as server:
        began = time.monotonic()
        few, many = (
            sessionmaker(db.connect(filled(server.superuser_dsn(), f"clinic_{size}", size), only_read=True))
            for size in (FEW, MANY)
        )
        note = f"{PRACTITIONERS} clinicians in both; filled in {time.monotonic() - began:.0f} s"
        results = [
            _compared("slots of a day", a_day, few, many, note),
            _compared("days with anything open", the_days, few, many, ""),
        ]
        for maker in (few, many):
            maker.kw["bind"].dispose()
    return results


def _compared(what: str, search: Search, few: sessionmaker[Session], many: sessionmaker[Session], note: str) -> Result:
    found = {name: _found(search, maker) for name, maker in (("few", few), ("many", many))}
    if not all(found.values()):
        raise RuntimeError(f"{what}: nothing is open, so nothing was measured ({found})")
    measured = compare(lambda: _milliseconds(search, many), lambda: _milliseconds(search, few))
    return Result(
        what=f"{what}: {MANY:,} enrollments to {FEW:,}",
        ours=measured.ours,
        peer=measured.peer,
        ratio=measured.ratio,
        unit="ms",
        at_most=AT_MOST,
        n=measured.n,
        spread=measured.spread,
        note=note,
    )


def _found(search: Search, maker: sessionmaker[Session]) -> int:
    with maker() as session:
        return search(session)


def _milliseconds(search: Search, maker: sessionmaker[Session]) -> float:
    began = time.perf_counter()
    for _ in range(AGAIN):
        with maker() as session:
            search(session)
    return (time.perf_counter() - began) * 1000 / AGAIN
