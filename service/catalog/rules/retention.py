"""How long we keep what. The clinic may change lengths; what is removed, and how, is code."""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType

from service.catalog.rules.reading import Table

# Removed by the owner of the database, on purpose and by hand: the service itself may not.
BY_OWNER = ("clinical_record", "never_patients")
# Removed every day by the service.
BY_SERVICE = (
    "assessments",
    "emergency_assessments",
    "left_addresses",
    "closed_contacts",
    "sign_ins",
    "links",
    "codes",
    "kept_forms",
    "back_offs",
    "mail_content",
    "waitlist_pending",
    "waitlist_left",
    "webhook_bodies",
    "copies",
)
KINDS = (*BY_OWNER, *BY_SERVICE)
# What the law wants at least (domain.md 9.3): a slip in the file must not shorten it.
LEAST_YEARS = {"clinical_record": 7}


@dataclass(frozen=True)
class KeepRule:
    """One line of `retention.toml`. The length is in calendar months and days, one of which is zero."""

    key: str
    what: str
    months: int
    days: int
    counted_from: str
    source: str

    def before(self, now: datetime) -> datetime:
        """What is counted from an earlier moment than this may go: `now`, so much earlier in the calendar."""
        month = now.year * 12 + now.month - 1 - self.months
        year, month = month // 12, month % 12 + 1
        day = min(now.day, monthrange(year, month)[1])
        return now.replace(year=year, month=month, day=day) - timedelta(days=self.days)

    @property
    def length(self) -> tuple[int, str]:
        """The length as people say it: (7, "years"), (12, "months") or (30, "days")."""
        if self.days:
            return self.days, "days"
        return (self.months // 12, "years") if self.months % 12 == 0 and self.months > 12 else (self.months, "months")


def read_retention(table: Table) -> Mapping[str, KeepRule]:
    """`retention.toml`. Raises CatalogError, also for a line that is missing or that no code would carry out."""
    rules: dict[str, KeepRule] = {}
    for key, row in table.named_tables("keep"):
        if key not in KINDS:
            raise table.fail(f"keep.{key}", f"is not one of {', '.join(KINDS)}")
        rules[key] = _rule(key, row)
    for key in KINDS:
        if key not in rules:
            raise table.fail(f"keep.{key}", "is missing")
    table.close()
    return MappingProxyType(rules)


def _rule(key: str, row: Table) -> KeepRule:
    number, unit = re.split(" ", row.like("keep", "[1-9][0-9]{0,3} (day|month|year)s?", "7 years or 30 days"))
    months = int(number) * {"d": 0, "m": 1, "y": 12}[unit[0]]
    rule = KeepRule(
        key=key,
        what=row.text("what"),
        months=months,
        days=int(number) if unit[0] == "d" else 0,
        counted_from=row.text("counted_from"),
        source=row.text("source"),
    )
    row.close()
    if key in LEAST_YEARS and months < LEAST_YEARS[key] * 12:
        raise row.fail("keep", f"cannot be less than {LEAST_YEARS[key]} years")
    if months > 100 * 12:
        raise row.fail("keep", "is more than a hundred years")
    return rule
