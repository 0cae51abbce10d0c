"""Dated rules of law and of the clinic. None is a constant in code: each has a first day, perhaps a last, a source."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from service.catalog.rules.reading import Table


@dataclass(frozen=True)
class Policy:
    """One value of one topic in one jurisdiction ("US" or a state's code). Both days belong to it."""

    topic: str
    jurisdiction: str
    effective_from: date
    effective_to: date | None
    value: str | int | bool
    source: str
    approved_by: str

    def covers(self, day: date) -> bool:
        return self.effective_from <= day and (self.effective_to is None or day <= self.effective_to)


def read_policies(table: Table) -> tuple[Policy, ...]:
    """`policies.toml`. Raises CatalogError, also when two policies of one topic and jurisdiction share a day."""
    policies: list[Policy] = []
    for row in table.tables("policies"):
        policy = Policy(
            topic=row.like("topic", "[a-z0-9_]+", "federal_telemedicine_authority"),
            jurisdiction=row.like("jurisdiction", "[A-Z]{2}", "US or FL"),
            effective_from=row.day("effective_from"),
            effective_to=row.day_or_none("effective_to"),
            value=row.any_value("value"),
            source=row.text("source"),
            approved_by=row.text("approved_by", ""),
        )
        row.close()
        if policy.effective_to is not None and policy.effective_to < policy.effective_from:
            raise row.fail("effective_to", "lies before effective_from")
        for other in policies:
            if _clash(policy, other):
                raise row.fail("effective_from", f"overlaps another {policy.topic} of {policy.jurisdiction}")
        policies.append(policy)
    table.close()
    return tuple(policies)


def policy_in_force(policies: Iterable[Policy], topic: str, jurisdiction: str, day: date) -> Policy | None:
    """The one policy of that topic and jurisdiction on `day`, or None: silence is never a permission."""
    return next((p for p in policies if p.topic == topic and p.jurisdiction == jurisdiction and p.covers(day)), None)


def _clash(one: Policy, other: Policy) -> bool:
    if (one.topic, one.jurisdiction) != (other.topic, other.jurisdiction):
        return False
    first, second = sorted((one, other), key=lambda policy: policy.effective_from)
    return first.effective_to is None or second.effective_from <= first.effective_to
