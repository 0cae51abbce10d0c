"""When an unacknowledged alert climbs, and to whom. Pure.

How long each step lasts and whose it is stands in config/alerts.toml (a default of shared/domain.md 4.9 that the
medical director signs off). After the last step it comes back once a day: an alert never falls silent by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from service.catalog.rules.alerts import AlertRule
from service.catalog.rules.whole import Catalog

REPEAT_EVERY = timedelta(days=1)
QUARTER = 15  # minutes in which anonymous visitors call one person at most once
MAY_ACKNOWLEDGE = ("clinician", "coordinator", "owner")
MAY_LIFT = ("clinician",)
BREAK_GLASS = "ACCESS-BREAK-GLASS"  # config/alerts.toml: a look at a record from outside its care team
MANY_TAKEN = "ACCESS-MANY-TAKEN"  # one person took many enrollments in a day, and so came to see many records
ABOUT_COLLEAGUES = (BREAK_GLASS, MANY_TAKEN)
SEE_LOOKS = ("owner", "auditor")
ABOUT_MONEY = "BILLING-"  # what the codes of alerts about money begin with: billing sees and takes these, and no other
REASON_MIN, REASON_MAX = 10, 2000
T = TypeVar("T")


def definition(catalog: Catalog, code: str) -> AlertRule:
    """The rule of `code`; for one that has left the configuration, the strictest: its alerts still stand."""
    return catalog.alerts.get(code) or AlertRule(
        code=code,
        title="An alert from before the rules changed",
        acknowledge_minutes=15,
        roles=("clinician", "coordinator", "owner"),
        holds=True,
        source="fallback",
        plain="An alert from before the rules changed",
    )


def may_take(code: str, role: str | None) -> bool:
    """May somebody of `role` see and take an alert of `code`? What colleagues did is for owners alone."""
    if role == "billing":
        return code.startswith(ABOUT_MONEY)
    return role == "owner" if code in ABOUT_COLLEAGUES else role in MAY_ACKNOWLEDGE


def title(rule: AlertRule, role: str | None) -> str:
    """What the alert is called for somebody of `role`: only clinicians read which answer it was."""
    return rule.title if role == "clinician" else rule.plain


def acknowledge_by(rule: AlertRule, raised_at: datetime) -> datetime:
    """Until when somebody must have looked."""
    return raised_at + timedelta(minutes=rule.acknowledge_minutes)


def leaves_level_at(rule: AlertRule, level: int, raised_at: datetime) -> datetime:
    """When an alert at `level` (0: the first person) climbs unless somebody acknowledges it before."""
    minutes = rule.minutes_until_level(level + 1)
    if minutes is not None:
        return raised_at + timedelta(minutes=minutes)
    last = len(rule.roles) - 1
    reached_last = timedelta(minutes=rule.minutes_until_level(last) or 0)
    return raised_at + reached_last + REPEAT_EVERY * (level - last + 1)


def next_climb(rule: AlertRule, level: int, raised_at: datetime, now: datetime) -> datetime:
    """As `leaves_level_at`, for an alert that reaches `level` now, perhaps late. Steps that call somebody new keep
    their time, even a past one; daily reminders missed meanwhile are not made up for.
    """
    planned = leaves_level_at(rule, level, raised_at)
    if level >= len(rule.roles) - 1:
        while planned <= now:
            planned += REPEAT_EVERY
    return planned


def after_the_last(rule: AlertRule, level: int) -> bool:
    """Has everybody been called once, so that `level` is one of the daily reminders?"""
    return level >= len(rule.roles)


def quarter(moment: datetime) -> datetime:
    """The beginning of the quarter of an hour that `moment` lies in, in UTC."""
    utc = moment.astimezone(UTC)
    return utc.replace(minute=utc.minute - utc.minute % QUARTER, second=0, microsecond=0)


def _anybody(rule: AlertRule) -> Sequence[str]:
    own_circle = rule.code in ABOUT_COLLEAGUES or "billing" in rule.roles
    return rule.roles if own_circle else MAY_ACKNOWLEDGE


def people(rule: AlertRule, level: int, staff_of: Callable[[str], Sequence[T]]) -> list[T]:
    """Who is called at `level`: the step's role; after the last step everybody who was called before.

    A role nobody holds passes on to the next, and the last to anybody at all: an alert reaches whoever is there.
    """
    if not after_the_last(rule, level):
        for role in rule.roles[level:]:
            if found := staff_of(role):
                return list(found)
    return list(dict.fromkeys(person for role in _anybody(rule) for person in staff_of(role)))
