"""What a written estimate expects of the months after an approval. Prices come from the plans."""

from __future__ import annotations

from dataclasses import dataclass

from service.catalog.rules.reading import Table

MOST_MONTHS = 12  # 45 CFR 149.610(b)(1)(x): one estimate for recurring care covers at most 12 months


@dataclass(frozen=True)
class EstimateRules:
    """`months` covered, `visits` expected in them, and what is charged by others or known by nobody yet."""

    months: int
    visits: int
    not_included: tuple[str, ...]
    source: str


def read_estimate(table: Table) -> EstimateRules:
    """`estimate.toml`. Raises CatalogError for more months than the rule allows."""
    found = EstimateRules(
        months=table.number("months", least=1),
        visits=table.number("visits"),
        not_included=table.texts("not_included"),
        source=table.text("source"),
    )
    if found.months > MOST_MONTHS:
        raise table.fail("months", f"is {found.months}, and one estimate covers at most {MOST_MONTHS}")
    table.close()
    return found
