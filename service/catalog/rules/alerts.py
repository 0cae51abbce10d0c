"""Red flags: how soon somebody must have looked, who, and whether everything else stops meanwhile."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from service.catalog.rules.reading import Table

# Staff roles, as in the accounts domain.
ROLES = ("owner", "clinician", "coordinator", "billing", "auditor")
WITHIN_A_DAY = 1440


@dataclass(frozen=True)
class AlertRule:
    """One red-flag code. `acknowledge_minutes` from the moment it was raised; `roles` in the order they are called.

    `plain` is for colleagues who are not clinicians: how urgent it is and whom to ask, not which answer it was.
    `together`: about many people at once and never urgent, so one mail a day tells of all of them.
    """

    code: str
    title: str
    acknowledge_minutes: int
    roles: tuple[str, ...]
    holds: bool
    source: str
    plain: str = "An alert that needs a person"
    together: bool = False

    def minutes_until_level(self, level: int) -> int | None:
        """Minutes after raising at which the alert climbs to `level` (1, 2, ...), or None where nobody is left.

        The second person is called after half the time allowed, the third after all of it (domain.md 4.9).
        """
        if not 1 <= level < len(self.roles):
            return None
        return self.acknowledge_minutes // 2 if level == 1 else self.acknowledge_minutes * (level - 1)


def read_alerts(table: Table) -> Mapping[str, AlertRule]:
    """`alerts.toml`. Raises CatalogError."""
    rules = MappingProxyType({code: _alert(code, row) for code, row in table.named_tables("alerts")})
    table.close()
    return rules


def _alert(code: str, row: Table) -> AlertRule:
    rule = AlertRule(
        code=code,
        title=row.text("title"),
        acknowledge_minutes=row.number("acknowledge_minutes", least=2),
        roles=row.texts("roles"),
        holds=row.flag("holds"),
        source=row.text("source"),
        plain=row.text("plain", row.text("title")),
        together=row.flag("together", False),
    )
    row.close()
    for role in rule.roles:
        if role not in ROLES:
            raise row.fail("roles", f'"{role}" is not one of {", ".join(ROLES)}')
    if rule.together and rule.acknowledge_minutes < WITHIN_A_DAY:
        raise row.fail("together", "is for what can wait a day: this one must be acknowledged sooner")
    if len(rule.roles) < 2:
        raise row.fail("roles", "needs at least two steps: an alert nobody hears must climb")
    return rule
