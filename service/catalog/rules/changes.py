"""What a patient may change about a running membership, and until when; and what a month will cost from which day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal, cast

from service.catalog.rules.reading import Table, unique

LEAST_NOTICE = 30  # days, shared/domain.md 7.3: a price change is told at least 30 days before its first charge


@dataclass(frozen=True)
class ChangeRules:
    """Lengths of time count back from a charge, but for `review`; "a year" is any twelve months."""

    since: date
    source: str
    cut_off: timedelta
    last_change: timedelta
    months_paused: tuple[int, ...]
    months_paused_a_year: int
    later_by_days: int
    moves_a_year: int
    review: timedelta
    price_notice: timedelta
    tell_within: timedelta


@dataclass(frozen=True)
class PriceChange:
    """A plan costs more from `effective_on` on. `without_consent`: what becomes of a member who does not agree."""

    key: str
    plan: str
    price_cents: int
    stripe_lookup_key: str
    effective_on: date
    without_consent: Literal["keep", "end"]


@dataclass(frozen=True)
class PromotionRule:
    """A code that takes something off, from the next charge, or from some."""

    code: str
    percent_off: int | None
    amount_off_cents: int | None
    duration: Literal["once", "repeating"]
    months: int | None
    most_uses: int | None
    last_on: date | None


def read_changes(table: Table) -> ChangeRules:
    """`[changes]` of `billing.toml`. Raises CatalogError."""
    months = table.numbers("months_paused", least=1)
    found = ChangeRules(
        since=table.day("since"),
        source=table.text("source"),
        cut_off=timedelta(days=table.number("cut_off_days", least=1)),
        last_change=timedelta(hours=table.number("last_change_hours", least=1)),
        months_paused=months,
        months_paused_a_year=table.number("months_paused_a_year", least=1),
        later_by_days=table.number("later_by_days", least=1),
        moves_a_year=table.number("moves_a_year", least=1),
        review=timedelta(minutes=table.number("review_minutes", least=1)),
        price_notice=timedelta(days=table.number("price_notice_days", least=LEAST_NOTICE)),
        tell_within=timedelta(days=table.number("tell_within_days", least=LEAST_NOTICE)),
    )
    if list(months) != sorted(set(months)) or months[-1] > found.months_paused_a_year:
        raise table.fail("months_paused", "must rise, and may not be more than months_paused_a_year")
    if found.tell_within < found.price_notice:
        raise table.fail("tell_within_days", "is less than price_notice_days, so nobody could be told in time")
    if found.later_by_days > 27:
        raise table.fail("later_by_days", "would move a charge past the next one")
    if found.last_change > found.cut_off:
        raise table.fail("last_change_hours", "comes before cut_off_days")
    table.close()
    return found


def read_price_changes(table: Table) -> tuple[PriceChange, ...]:
    """`price_changes.toml`, in the order of their days. It may hold none. Raises CatalogError."""
    found = tuple(_price_change(row) for row in table.tables("changes", needed=False))
    unique(table, "changes", found, lambda one: one.key)
    unique(table, "changes", found, lambda one: one.stripe_lookup_key)
    table.close()
    return tuple(sorted(found, key=lambda one: one.effective_on))


def _price_change(row: Table) -> PriceChange:
    found = PriceChange(
        key=row.like("key", "[a-z][a-z0-9_]*", "monthly_2027"),
        plan=row.text("plan"),
        price_cents=row.number("price_cents", least=1),
        stripe_lookup_key=row.like("stripe_lookup_key", "homeward_[a-z_]+", "homeward_monthly_b"),
        effective_on=row.day("effective_on"),
        without_consent=cast(Literal["keep", "end"], row.one_of("without_consent", ("keep", "end"))),
    )
    row.close()
    return found


def read_promotions(table: Table) -> tuple[PromotionRule, ...]:
    """`promotions.toml`. It may hold none. Raises CatalogError."""
    found = tuple(_promotion(row) for row in table.tables("promotions", needed=False))
    unique(table, "promotions", found, lambda one: one.code)
    table.close()
    return found


def _promotion(row: Table) -> PromotionRule:
    duration = row.one_of("duration", ("once", "repeating"))
    found = PromotionRule(
        code=row.like("code", "[A-Z0-9]{4,20}", "WELCOME20"),
        percent_off=row.number("percent_off", least=1) if row.has("percent_off") else None,
        amount_off_cents=row.number("amount_off_cents", least=1) if row.has("amount_off_cents") else None,
        duration=cast(Literal["once", "repeating"], duration),
        months=row.number("months", least=2) if duration == "repeating" else None,
        most_uses=row.number("most_uses", least=1) if row.has("most_uses") else None,
        last_on=row.day_or_none("last_on"),
    )
    if (found.percent_off is None) == (found.amount_off_cents is None):
        raise row.fail("percent_off", "or amount_off_cents: one of the two")
    if found.percent_off is not None and found.percent_off > 100:
        raise row.fail("percent_off", "cannot be more than 100")
    row.close()
    return found
