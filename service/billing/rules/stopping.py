"""Why a membership must not be charged any more, as far as a moment can be named since when. Pure.

What the gate says of days alone (a license, a policy) is asked before each charge; these are what a person or the
patient brings about between two askings, and what decides whether a payment came too late.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal, TypeAlias

from service.billing.rules.asking import STAGES
from service.catalog.rules.whole import Catalog

Why: TypeAlias = Literal["closed", "care_over", "hold", "moved", "withdrawn"]

# A charge this near is stopped; one further ahead waits, so that nobody loses days that are paid for.
REACH: Final = dict(STAGES)["24h"]
A_SECOND: Final = timedelta(seconds=1)  # as exact as Stripe says when something was paid
# Of the gate's reasons those it reads off a calendar: of a day gone by it says today what it would have said then.
BY_THE_DAY: Final = frozenset({"state_closed", "program_closed", "license", "registration", "telemedicine"})
# Over for good, and not waiting for somebody to decide: the membership ends with them.
FINAL: Final[tuple[Why, ...]] = ("closed", "care_over")
# Ends by itself when nobody decided within the policy's days (config/refunds.toml).
ENDS_AFTER: Final = {"moved": "out_of_state", "withdrawn": "consent_withdrawn"}


@dataclass(frozen=True, slots=True)
class Standing:
    """Since when something stands in the way, each None while it does not.

    `withdrawn_at` is the last consent taken back: whether it is signed again only the gate knows.
    """

    closed_at: datetime | None = None
    care_over_at: datetime | None = None
    hold_at: datetime | None = None
    moved_at: datetime | None = None
    withdrawn_at: datetime | None = None

    def reasons(self, at: datetime) -> tuple[Why, ...]:
        """What stood in the way at that moment already, the gravest first."""
        since: tuple[tuple[Why, datetime | None], ...] = (
            ("closed", self.closed_at),
            ("care_over", self.care_over_at),
            ("hold", self.hold_at),
            ("moved", self.moved_at),
            ("withdrawn", self.withdrawn_at),
        )
        return tuple(why for why, moment in since if moment is not None and moment <= at)


def needed(catalog: Catalog) -> frozenset[str]:
    """The consents that charges rest on. To take back another one, mail about offers, say, stops nothing."""
    return frozenset(one.key for one in catalog.consents if one.blocking)


def ends_by_itself_at(since: datetime, waits: timedelta | None) -> datetime | None:
    """When a membership that nobody decided about ends; None where only a person ends it."""
    return None if waits is None else since + waits
