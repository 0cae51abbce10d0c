"""When the federal telemedicine authority ends, and how soon people must know of it. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Final

from service.catalog.rules.engine import TELEMEDICINE
from service.catalog.rules.policies import Policy, policy_in_force

STEPS: Final = (60, 30, 14)  # days before the last day (domain.md 3.1)


def ends_on(policies: Iterable[Policy], day: date) -> date | None:
    """The last day that the authority covers without a gap from `day` on. None: not in force, or without an end."""
    known = tuple(policies)
    policy = policy_in_force(known, *TELEMEDICINE, day)
    last: date | None = None
    while policy is not None and policy.value is True:
        last = policy.effective_to
        if last is None:
            return None
        policy = policy_in_force(known, *TELEMEDICINE, last + timedelta(days=1))
    return last


def step_due(last: date, day: date) -> int | None:
    """Which word is due: 60, 30 or 14 days before, the nearest that has come; None before them all, and afterwards."""
    left = (last - day).days
    return min((step for step in STEPS if 0 <= left <= step), default=None)
