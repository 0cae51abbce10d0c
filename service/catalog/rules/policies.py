"""Dated rules of law and of the clinic. None is a constant in code: each has a first day, perhaps a last, a source."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import TypeAlias

from service.catalog.rules.reading import Table

Value: TypeAlias = str | int | bool | tuple[str, ...]

# What policies.toml may say, for the whole country. What holds in one state stands in that state's file.
FLAGS = ("federal_telemedicine_authority",)


@dataclass(frozen=True)
class Policy:
    """One value of one topic in one jurisdiction ("US" or a state's code). Both days belong to it."""

    topic: str
    jurisdiction: str
    effective_from: date
    effective_to: date | None
    value: Value
    source: str
    approved_by: str

    def covers(self, day: date) -> bool:
        return self.effective_from <= day and (self.effective_to is None or day <= self.effective_to)


def read_policies(table: Table) -> tuple[Policy, ...]:
    """`policies.toml`. Raises CatalogError, also when two policies of one topic and jurisdiction share a day."""
    policies: list[Policy] = []
    for row in table.tables("policies"):
        topic = row.one_of("topic", FLAGS)
        first, last = read_span(row)
        policy = Policy(
            topic=topic,
            jurisdiction=row.one_of("jurisdiction", ("US",)),
            effective_from=first,
            effective_to=last,
            value=row.flag("value"),
            source=row.text("source"),
            approved_by=row.text("approved_by", ""),
        )
        row.close()
        if any(clash(policy, other) for other in policies):
            raise row.fail("effective_from", f"overlaps another {policy.topic} of {policy.jurisdiction}")
        policies.append(policy)
    table.close()
    return tuple(policies)


def read_span(row: Table) -> tuple[date, date | None]:
    """The first and the last day of a rule, which both belong to it. Raises CatalogError when it ends too early."""
    first, last = row.day("effective_from"), row.day_or_none("effective_to")
    if last is not None and last < first:
        raise row.fail("effective_to", "lies before effective_from")
    return first, last


def policy_in_force(policies: Iterable[Policy], topic: str, jurisdiction: str, day: date) -> Policy | None:
    """The one policy of that topic and jurisdiction on `day`, or None: silence is never a permission."""
    return next((p for p in policies if p.topic == topic and p.jurisdiction == jurisdiction and p.covers(day)), None)


def clash(one: Policy, other: Policy) -> bool:
    """Do two rules of one topic and jurisdiction share a day?"""
    if (one.topic, one.jurisdiction) != (other.topic, other.jurisdiction):
        return False
    first, second = sorted((one, other), key=lambda policy: policy.effective_from)
    return first.effective_to is None or second.effective_from <= first.effective_to
