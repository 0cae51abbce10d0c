"""What a month costs. Names stay neutral: they appear on card statements and at the payment provider."""

from __future__ import annotations

from dataclasses import dataclass

from service.catalog.rules.reading import Table, unique


@dataclass(frozen=True)
class Plan:
    """A monthly plan. `price_cents` per calendar month, US dollars."""

    key: str
    name: str
    summary: str
    includes: tuple[str, ...]
    price_cents: int
    currency: str
    interval: str
    stripe_lookup_key: str
    open: bool


def read_plans(table: Table) -> tuple[Plan, ...]:
    """`plans.toml`. "From $250" may be said only if an open plan costs exactly that and none costs less."""
    plans = tuple(_plan(row) for row in table.tables("plans"))
    unique(table, "plans", plans, lambda plan: plan.key)
    unique(table, "plans", plans, lambda plan: plan.stripe_lookup_key)
    advertised = table.number("advertised_from_cents", least=1)
    cheapest = min((plan.price_cents for plan in plans if plan.open), default=None)
    if cheapest != advertised:
        raise table.fail("advertised_from_cents", f"is {advertised}, but the lowest open plan costs {cheapest}")
    table.close()
    return plans


def _plan(row: Table) -> Plan:
    plan = Plan(
        key=row.like("key", "[a-z][a-z0-9_]*", "monthly"),
        # The one shape that may reach a card statement or the payment provider: billing's gateway refuses any other.
        name=row.like("name", "Monthly membership( [A-Z][a-z]+)?", "Monthly membership Plus"),
        summary=row.text("summary"),
        includes=row.texts("includes"),
        price_cents=row.number("price_cents", least=1),
        currency=row.one_of("currency", ("usd",)),
        interval=row.one_of("interval", ("month",)),
        stripe_lookup_key=row.like("stripe_lookup_key", "[a-z][a-z0-9_]*", "homeward_monthly"),
        open=row.flag("open", True),
    )
    row.close()
    return plan
