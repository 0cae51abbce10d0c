"""The figures about money, month by month: what each of them counts, and the rates made of them. Pure; cents.

A month is a calendar month at the clinic. What has not happened yet is not guessed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from datetime import date, datetime, time, timedelta
from types import MappingProxyType
from typing import Any, Final

from service.billing.rules.drift import CLINIC
from service.billing.rules.leaving import WHY
from service.kit.errors import words

MONTHS: Final = 13  # this month, and the same month a year ago
FRESH: Final = timedelta(minutes=1)  # how old the figures of the running month may be
SETTLES: Final = timedelta(days=45)  # a charge of the last day may be retried, given back or disputed for so long

MEANS: Final = MappingProxyType(
    {
        "mrr": words(
            "Monthly recurring revenue: the monthly prices, less discounts, of all months that run at the end of the "
            "calendar month (for this month: now). A month counts when its charge is paid or still being collected, so "
            "a failed payment counts while Stripe retries it. A month that is skipped, a date that was moved, a pause "
            "and a stop count nothing. An upgrade counts from its next full month on. Credit does not lower it: it is "
            "money that was given before."
        ),
        "active": words("Memberships with such a month. One whose discount is the whole price counts, with $0."),
        "new": words("Memberships whose first charge was paid in the month. Coming back counts as new."),
        "ended": words("Memberships that had begun and ended in the month, with the reason where one was given."),
        "churn": words("Ended in the month, as a share of those that were active when it began."),
        "paid": words("Money that came in during the month, whenever it was charged."),
        "given_back": words("Refunds that left during the month, less those the bank sent back."),
        "disputed": words("Payments that banks took back during the month, less those that were won."),
        "credits": words("Credit given during the month. It is used up by later charges."),
        "recovery": words(
            "Of the charges made in the month whose first try failed and that are settled by now: the share that was "
            "paid in the end. First payments, which happen on the pay page, are not among them."
        ),
    }
)
# Why staff or a rule end care is not told here one by one: few people each, and some of it is about health.
CARE: Final = frozenset({"care_ended", "safety_stop", "approval_withdrawn", "consent_withdrawn", "died"})
REASONS: Final = MappingProxyType(
    {
        **WHY,
        "not_told": words("They did not say"),
        "care": words("Their care here ended"),
        "out_of_state": words("They live where we cannot treat"),
        "account_closed": words("They closed their account"),
        "price": words("They did not agree to a new price"),
        "staff": words("Staff ended it for them"),
        "unpaid": words("Unpaid after every try"),
        "unknown": words("We do not know"),
    }
)


def reason_of(asked_by: str | None, reason: str | None, *, unpaid: bool) -> str:
    """Why a membership ended, as it is counted. `unpaid`: its last charge was never paid."""
    if asked_by is None:
        return "unpaid" if unpaid else "unknown"
    if reason in CARE:
        return "care"
    if reason in REASONS:
        return str(reason)
    if asked_by == "patient":
        return "not_told"
    return "staff" if asked_by == "staff" else "unknown"


@dataclass(frozen=True, slots=True)
class Figures:
    """One month's. `failed`: first tries that failed; of them `recovered` were paid, `lost` never, the rest is open."""

    month: date
    mrr_cents: int = 0
    active: int = 0
    new: int = 0
    ended: int = 0
    reasons: Mapping[str, int] = field(default_factory=dict)
    paid_cents: int = 0
    given_back_cents: int = 0
    disputed_cents: int = 0
    credits_cents: int = 0
    months_given: int = 0
    failed: int = 0
    recovered: int = 0
    recovered_cents: int = 0
    lost: int = 0

    @property
    def net_cents(self) -> int:
        """What stayed of what came in and left."""
        return self.paid_cents - self.given_back_cents - self.disputed_cents

    @property
    def recovery(self) -> float | None:
        """The share of settled failures that were paid in the end; None where none is settled."""
        return share(self.recovered, self.recovered + self.lost)

    def kept(self) -> dict[str, Any]:
        """As JSON keeps it, without the month."""
        return {name: value for name, value in asdict(self).items() if name != "month"}

    @classmethod
    def read(cls, month: date, kept: Mapping[str, Any]) -> Figures:
        """What `kept` wrote. Figures that were added to the list later are 0 in older rows."""
        names = {one.name for one in fields(cls)}
        return cls(month=month, **{name: value for name, value in kept.items() if name in names})


def share(part: int, whole: int) -> float | None:
    """`part` of `whole`, 0 to 1; None of nothing."""
    return part / whole if whole else None


def churn(ended: int, active_before: int | None) -> float | None:
    """Ended in a month, of those active when it began. None where nobody was, or nobody knows."""
    return None if active_before is None else share(ended, active_before)


def monthly_net(price_cents: int, discount_cents: int, charged_cents: int) -> int:
    """What a month brings: its price less its share of the charge's discount, rounded down, never below 0.

    `charged_cents`: everything the charge adds up to before the discount, of which this month may be a part.
    """
    if charged_cents <= 0:
        return max(0, price_cents)
    return max(0, price_cents - discount_cents * min(price_cents, charged_cents) // charged_cents)


def month_of(now: datetime) -> date:
    """The first day of the month at the clinic."""
    return now.astimezone(CLINIC).date().replace(day=1)


def following(month: date) -> date:
    """The first day of the next month."""
    return (month.replace(day=28) + timedelta(days=4)).replace(day=1)


def months_until(month: date, number: int = MONTHS) -> list[date]:
    """So many months, the last being `month`, in order."""
    out = [month]
    while len(out) < number:
        out.append((out[-1] - timedelta(days=1)).replace(day=1))
    return out[::-1]


def bounds(month: date) -> tuple[datetime, datetime]:
    """The first moment of a month at the clinic, and of the next."""
    first, after = (datetime.combine(one, time(), CLINIC) for one in (month, following(month)))
    return first, after


def is_stale(month: date, counted_at: datetime, counted_for: datetime, now: datetime, wall_now: datetime) -> bool:
    """May the figures of a month have changed since? The running month's within a minute, the last ones' within a day.

    `counted_for` is the business time they were counted at, `counted_at` the wall's.
    """
    _, after = bounds(month)
    if counted_for < after or now < after:
        return wall_now - counted_at > FRESH or now - counted_for > FRESH
    if counted_for >= after + SETTLES:
        return False
    return now - counted_for > timedelta(days=1)
