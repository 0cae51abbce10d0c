"""New Jersey's yearly report: read on a page, or taken along as a file. Both leave a trace, neither names anybody."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

from service.audit import writes as audit
from service.catalog.rules.whole import Catalog
from service.dashboard.queries.new_jersey import visits_seen
from service.dashboard.rules.new_jersey import COLUMNS, Counts, cell, counted, year_of
from service.kit import db
from service.kit.actor import Actor
from service.kit.errors import NotAllowed, words

ROLES = ("owner", "auditor")


def open_report(*, year: int, catalog: Catalog, actor: Actor) -> Counts:
    """The counts of one year. The look is noted. Raises NotAllowed for other roles."""
    _check(actor)
    since, until = year_of(year)
    with db.transaction() as session:
        counts = counted(visits_seen(session, catalog, since=since, until=until))
        audit.record(session, actor, "report.view", "report")
        return counts


def export_report(*, year: int, catalog: Catalog, actor: Actor) -> Iterator[str]:
    """The visits of one year as CSV, line by line. Where fewer than eleven people are alike, who they are is withheld
    (N.J.S.A. 45:1-64 asks for what names nobody). The export is noted first.

    Raises NotAllowed for other roles.
    """
    _check(actor)
    since, until = year_of(year)
    with db.transaction() as session:
        counts = counted(visits_seen(session, catalog, since=since, until=until))
        audit.record(session, actor, "report.export", "report")
    return _lines(year, catalog, counts)


def _lines(year: int, catalog: Catalog, counts: Counts) -> Iterator[str]:
    since, until = year_of(year)
    yield _line(["year", *COLUMNS, "fewer_than_11_alike"])
    with db.reading() as session:
        for _, seen in visits_seen(session, catalog, since=since, until=until):
            small, shown = "yes" if counts.is_small(seen) else "no", counts.shown(seen)
            yield _line([year, *(getattr(shown, name) for name in COLUMNS), small])


def _line(values: list[object]) -> str:
    out = io.StringIO()
    csv.writer(out).writerow(cell(value) for value in values)
    return out.getvalue()


def _check(actor: Actor) -> None:
    if actor.role not in ROLES:
        raise NotAllowed("owners_and_auditors", words("Only owners and auditors read reports."))
