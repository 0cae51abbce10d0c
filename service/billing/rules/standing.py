"""What Stripe's words mean to us, and what a step from one to the other deserves. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from service.billing.rules import transitions

# "grace" and "stopped" end nothing: records, safety pages and messages stay open.
LIVE: Final = ("active", "grace", "stopped")
IN_CARE: Final = ("active", "grace")


@dataclass(frozen=True, slots=True)
class Step:
    """What one look at Stripe changes: which mail it deserves, and whether care begins."""

    started: bool = False
    resumed: bool = False
    ending: bool = False
    ended: bool = False
    problem: bool = False
    gave_up: bool = False


def membership_status(stripe_status: str) -> str:
    """Our word for Stripe's. Raises ValueError for one we do not know: guessing would open or close a door."""
    return transitions.LEADS_TO[transitions.shown(stripe_status)]


def step(
    before: str,
    after: str,
    *,
    was_active: bool,
    was_ending: bool = False,
    ends: bool = False,
    stopped_for: str | None = None,
) -> Step:
    """What moving from `before` to `after` means. `was_active`: whether it ever was, so that it starts once;
    `was_ending` and `ends`: whether the paid month was, and is now, to be the last; `stopped_for`: why it is stopped.

    Payment problems are told for as long as they last; the mail's key makes each attempt one mail.
    """
    return Step(
        started=not was_active and after in IN_CARE,
        resumed=was_active and before == "stopped" and after in IN_CARE,
        ending=ends and not was_ending and after in LIVE,
        ended=was_active and after == "ended" and before != "ended",
        problem=after == "grace",
        gave_up=was_active and after == "stopped" and before != "stopped" and stopped_for == "unpaid",
    )
