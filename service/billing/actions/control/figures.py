"""The figures about money: read on a page, or taken along as a file. Both leave a trace, neither names anybody."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from datetime import date, datetime
from itertools import pairwise

from service.audit import writes as audit
from service.billing.queries.watching import figures as queries
from service.billing.rules.figures import (
    REASONS,
    Figures,
    churn,
    is_stale,
    month_of,
    months_until,
)
from service.kit import db
from service.kit.actor import Actor
from service.kit.errors import Rejected, words

EXPORT_REASONS = ("regular_review", "accounts", "authority", "other")
COLUMNS = (
    "month",
    "mrr_usd",
    "active",
    "new",
    "ended",
    "churn",
    *(f"ended_{code}" for code in REASONS),
    "paid_usd",
    "given_back_usd",
    "disputed_usd",
    "net_usd",
    "credits_usd",
    "months_given",
    "failed_first_tries",
    "recovered",
    "recovered_usd",
    "lost",
    "recovery",
)


@dataclass(frozen=True, slots=True)
class Month:
    """One month's figures, and the share that left of those active when it began."""

    figures: Figures
    churn: float | None


def open_figures(*, actor: Actor, now: datetime, wall_now: datetime) -> list[Month]:
    """Thirteen months, the running one last. The look is noted. What may have changed since is counted anew."""
    found = _figures(now, wall_now)
    with db.transaction() as session:
        audit.record(session, actor, "money.view", "report")
    return found


def export_figures(*, reason: str, actor: Actor, now: datetime, wall_now: datetime) -> str:
    """The same as CSV, dollars with two decimals and shares as decimals. Noted with its reason. Raises Rejected."""
    if reason not in EXPORT_REASONS:
        raise Rejected("reason_missing", words("Choose why you need the file."))
    found = _figures(now, wall_now)
    with db.transaction() as session:
        audit.record(session, actor, "money.export", "report", reason=reason)
    out = io.StringIO()
    file = csv.writer(out)
    file.writerow(COLUMNS)
    for month in found:
        file.writerow(cell(value) for value in _row(month))
    return out.getvalue()


def count_ahead(*, now: datetime, wall_now: datetime) -> None:
    """Count what may have changed, so that whoever looks first does not wait for a year to be counted."""
    _figures(now, wall_now)


def _figures(now: datetime, wall_now: datetime) -> list[Month]:
    months = months_until(month_of(now), 14)  # one more, so that the first has a month before it
    with db.reading() as session:
        kept = {month: (dict(row.figures), row.counted_at) for month, row in queries.kept(session, months).items()}
    figures = {month: _one(month, kept.get(month), now, wall_now) for month in months}
    ordered = [figures[month] for month in months]
    return [Month(one, churn(one.ended, before.active)) for before, one in pairwise(ordered)]


def _one(month: date, kept: tuple[dict[str, object], datetime] | None, now: datetime, wall_now: datetime) -> Figures:
    if kept is not None:
        counted_for = datetime.fromisoformat(str(kept[0]["counted_for"]))
        if not is_stale(month, kept[1], counted_for, now, wall_now):
            return Figures.read(month, kept[0])
    with db.transaction() as session:
        found = queries.counted(session, month, now)
        queries.keep(session, found, counted_for=now, wall_now=wall_now)
    return found


def _row(month: Month) -> list[object]:
    one = month.figures
    return [
        f"{one.month:%Y-%m}",
        _dollars(one.mrr_cents),
        one.active,
        one.new,
        one.ended,
        _share(month.churn),
        *(one.reasons.get(code, 0) for code in REASONS),
        _dollars(one.paid_cents),
        _dollars(one.given_back_cents),
        _dollars(one.disputed_cents),
        _dollars(one.net_cents),
        _dollars(one.credits_cents),
        one.months_given,
        one.failed,
        one.recovered,
        _dollars(one.recovered_cents),
        one.lost,
        _share(one.recovery),
    ]


def _dollars(cents: int) -> str:
    dollars, rest = divmod(abs(cents), 100)
    return f"{'-' if cents < 0 else ''}{dollars}.{rest:02d}"


def _share(value: float | None) -> str:
    return "" if value is None else f"{value:.4f}"


def cell(value: object) -> str:
    """What a spreadsheet would take for a formula is text, and is marked as such. A negative number is a number."""
    text = str(value)
    number = text[:1] == "-" and text[1:].replace(".", "", 1).isdigit()
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") and not number else text
