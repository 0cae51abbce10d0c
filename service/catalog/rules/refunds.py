"""What is given back when a membership ends: dated, each with its source."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal, TypeAlias, cast

from service.catalog.rules.policies import read_span
from service.catalog.rules.reading import Table

Share: TypeAlias = Literal["none", "unused", "month", "everything"]
Delivered: TypeAlias = Literal["nothing_yet", "not_this_month", "this_month"]

SHARES: tuple[Share, ...] = ("none", "unused", "month", "everything")
DELIVERED: tuple[Delivered, ...] = ("nothing_yet", "not_this_month", "this_month")
# Every way a membership ends. "lapsed" is the patient's own: cancelled, or never paid.
REASONS = (
    "care_ended",
    "safety_stop",
    "approval_withdrawn",
    "died",
    "out_of_state",
    "consent_withdrawn",
    "account_closed",
    "asked",
    "lapsed",
)


@dataclass(frozen=True)
class EndRule:
    """What one reason gives back, by what was delivered. `waits`: how long charges rest before it ends by itself."""

    reason: str
    effective_from: date
    effective_to: date | None
    shares: tuple[tuple[Delivered, Share], ...]
    waits: timedelta | None
    source: str

    def share(self, delivered: Delivered) -> Share:
        return dict(self.shares)[delivered]

    def covers(self, day: date) -> bool:
        return self.effective_from <= day and (self.effective_to is None or day <= self.effective_to)


def read_ends(table: Table) -> tuple[EndRule, ...]:
    """`refunds.toml`. Raises CatalogError: for a reason without a rule, and for two rules of one that share a day."""
    rules: list[EndRule] = []
    for row in table.tables("ends"):
        first, last = read_span(row)
        rule = EndRule(
            reason=row.one_of("reason", REASONS),
            effective_from=first,
            effective_to=last,
            shares=tuple((one, cast(Share, row.one_of(one, SHARES))) for one in DELIVERED),
            waits=timedelta(days=row.number("waits_days", least=1)) if row.has("waits_days") else None,
            source=row.text("source"),
        )
        row.close()
        ranks = [SHARES.index(share) for _, share in rule.shares]
        if ranks != sorted(ranks, reverse=True):
            raise row.fail("this_month", "gives more back than where less was delivered")
        if any(_share_a_day(rule, other) for other in rules):
            raise row.fail("effective_from", f"overlaps another rule for {rule.reason}")
        rules.append(rule)
    for reason in REASONS:
        if not any(rule.reason == reason for rule in rules):
            raise table.fail("ends", f'has no rule for "{reason}"')
    table.close()
    return tuple(rules)


def end_rule(rules: Iterable[EndRule], reason: str, day: date) -> EndRule | None:
    """The one rule for `reason` on `day`, or None."""
    return next((rule for rule in rules if rule.reason == reason and rule.covers(day)), None)


def _share_a_day(one: EndRule, other: EndRule) -> bool:
    if one.reason != other.reason:
        return False
    first, second = sorted((one, other), key=lambda rule: rule.effective_from)
    return first.effective_to is None or second.effective_from <= first.effective_to
