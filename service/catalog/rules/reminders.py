"""Which nudge leaves when, between which hours, and when it is no longer worth sending."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import time, timedelta
from types import MappingProxyType

from service.catalog.rules.reading import Table, unique


@dataclass(frozen=True)
class QuietHours:
    """Mail that is not about safety leaves from `opens` (included) to `closes` (not included), patient's own clock."""

    opens: time
    closes: time


@dataclass(frozen=True)
class ReminderStep:
    """One nudge, so many local days after the thing became due, at the same local time."""

    key: str
    after_days: int
    email: str


@dataclass(frozen=True)
class ReminderLadder:
    """The nudges about one kind of thing. After `give_up_after_days` local days none is sent any more."""

    key: str
    steps: tuple[ReminderStep, ...]
    give_up_after_days: int


@dataclass(frozen=True)
class CountdownStep:
    """One nudge, so long before something begins. `at_night`: it leaves at its minute, whatever the hour."""

    key: str
    before: timedelta
    at_night: bool
    email: str


@dataclass(frozen=True)
class ReminderRules:
    """`ladders` follow what became due, `countdowns` lead up to what begins, the earliest step first."""

    quiet_hours: QuietHours
    ladders: Mapping[str, ReminderLadder]
    countdowns: Mapping[str, tuple[CountdownStep, ...]]


def read_reminders(table: Table) -> ReminderRules:
    """`reminders.toml`. Raises CatalogError."""
    hours = table.table("quiet_hours")
    quiet = QuietHours(opens=hours.clock_time("opens"), closes=hours.clock_time("closes"))
    hours.close()
    if quiet.opens >= quiet.closes:
        raise hours.fail("closes", "must be later than opens, on the same day")
    ladders = MappingProxyType({key: _ladder(key, row) for key, row in table.named_tables("ladders")})
    countdowns = MappingProxyType({key: _countdown(row) for key, row in table.named_tables("countdowns")})
    table.close()
    return ReminderRules(quiet, ladders, countdowns)


def _countdown(row: Table) -> tuple[CountdownStep, ...]:
    steps = tuple(_count(step) for step in row.tables("steps"))
    row.close()
    unique(row, "steps", steps, lambda step: step.key)
    leads = [step.before for step in steps]
    if leads != sorted(set(leads), reverse=True):
        raise row.fail("steps", "must come one after the other")
    return steps


def _count(row: Table) -> CountdownStep:
    step = CountdownStep(
        row.like("key", "[a-z0-9-]+", "day-before"),
        timedelta(hours=row.number("hours_before", least=1)),
        row.flag("at_night"),
        row.text("email"),
    )
    row.close()
    return step


def _ladder(key: str, row: Table) -> ReminderLadder:
    ladder = ReminderLadder(
        key=key,
        steps=tuple(_step(step) for step in row.tables("steps")),
        give_up_after_days=row.number("give_up_after_days", least=1),
    )
    row.close()
    unique(row, "steps", ladder.steps, lambda step: step.key)
    days = [step.after_days for step in ladder.steps]
    if days != sorted(set(days)):
        raise row.fail("steps", "must come one after the other")
    if days[-1] >= ladder.give_up_after_days:
        raise row.fail("give_up_after_days", "comes before the last step could be sent")
    return ladder


def _step(row: Table) -> ReminderStep:
    step = ReminderStep(row.like("key", "[a-z0-9-]+", "day-0"), row.number("after_days"), row.text("email"))
    row.close()
    return step
