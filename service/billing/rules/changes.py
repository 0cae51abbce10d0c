"""What a patient may change about a running membership now, and what each change comes to. Pure.

A no is one of `WHY`'s codes. Moments in UTC, money in cents.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from types import MappingProxyType
from typing import Final, Literal

from service.billing.rules.charges import day_of, later_charges, next_charge, on_day
from service.catalog.rules.changes import ChangeRules
from service.kit.errors import words

YEAR: Final = timedelta(days=365)
WHY: Final = MappingProxyType(
    {
        "no_membership": words("You have no running membership to change."),
        "payment_first": words("A payment is still open. Sort that out first; then you can change your membership."),
        "stopped": words("Your membership is paused by us. Call us to talk about how it goes on."),
        "ending": words("You cancelled your membership. Keep it first; then you can change it."),
        "too_late": words("It is too late for the coming charge. You can change this again once it is made."),
        "skipping": words("You left out a charge. Undo that first, or wait until it has passed."),
        "unpaid_month": words("This month is one that you left out. Start again first; then you can change this."),
        "too_often": words("You have done this as often as is possible in twelve months."),
        "nothing_to_undo": words("There is nothing to undo."),
        "same_plan": words("That is the plan you have."),
        "given_month": words(
            "A month that is given to you is one of the plan you have. Call us if you want a plan that costs more now."
        ),
        "no_such_choice": words("Choose one of the possibilities on this page."),
        "changed": words("An amount or a date has changed since this page was made. Nothing was charged."),
    }
)


@dataclass(frozen=True, slots=True)
class Running:
    """A membership as far as these rules need to know it. `moved`: nothing is owed until the period's end."""

    status: str
    ends: bool
    plan: str
    price_cents: int
    next_plan: str | None
    next_price_cents: int | None
    period_starts_at: datetime
    period_ends_at: datetime
    anchor_at: datetime
    paid_until: datetime | None
    resumes_at: datetime | None
    moved: bool
    time_zone: str

    @property
    def charge_at(self) -> datetime:
        """The next charge that will be made."""
        return next_charge(self.period_ends_at, self.anchor_at, self.resumes_at)

    @property
    def unpaid(self) -> bool:
        """Is the running month one that was left out?"""
        return self.resumes_at is not None and self.paid_until is not None and self.paid_until <= self.period_starts_at


@dataclass(frozen=True, slots=True)
class Skip:
    """`months` charges left out, and the one that comes then."""

    months: int
    until: datetime


def running_at_all(now: Running | None) -> str | None:
    """Why nothing can be changed, or None: it is paid, and goes on."""
    if now is None or now.status not in ("active", "grace", "stopped"):
        return "no_membership"
    if now.status != "active":
        return "payment_first" if now.status == "grace" else "stopped"
    return "ending" if now.ends else None


def may_skip(it: Running | None, rules: ChangeRules, now: datetime, used: int) -> str | None:
    """Why no charge can be left out, or None. `used`: months left out in the last twelve."""
    why = running_at_all(it)
    if it is None or why is not None:
        return why
    if it.resumes_at is not None:
        return "skipping"
    if now > it.period_ends_at - rules.cut_off:
        return "too_late"
    return "too_often" if used + rules.months_paused[0] > rules.months_paused_a_year else None


def skips(it: Running, rules: ChangeRules, used: int) -> tuple[Skip, ...]:
    """How many charges may be left out, each with the charge that comes then."""
    months = [count for count in rules.months_paused if used + count <= rules.months_paused_a_year]
    charges = later_charges(it.anchor_at, it.period_ends_at, max(months, default=0))
    return tuple(Skip(count, charges[count - 1]) for count in months)


def may_use_code(it: Running | None) -> str | None:
    """Why no code can be used, or None. A charge that is left out would spend it on nothing."""
    why = running_at_all(it)
    if it is None or why is not None:
        return why
    return "skipping" if it.charge_at > it.period_ends_at else None


def may_unskip(it: Running | None, rules: ChangeRules, now: datetime) -> str | None:
    """Why the charge at the period's end cannot be made after all, or None."""
    why = running_at_all(it)
    if it is None or why is not None:
        return why
    if it.resumes_at is None:
        return "nothing_to_undo"
    if it.unpaid:
        return "unpaid_month"
    return "too_late" if now > it.period_ends_at - rules.last_change else None


def may_restart(it: Running | None) -> str | None:
    """Why a month that was left out cannot be begun and paid today, or None."""
    why = running_at_all(it)
    if it is None or why is not None:
        return why
    return None if it.unpaid else "nothing_to_undo"


def may_move(it: Running | None, rules: ChangeRules, now: datetime, used: int) -> str | None:
    """Why the date of the next charge cannot be moved, or None. `used`: how often in the last twelve months."""
    why = running_at_all(it)
    if it is None or why is not None:
        return why
    if it.resumes_at is not None:
        return "unpaid_month" if it.unpaid else "skipping"
    if now > it.period_ends_at - rules.cut_off:
        return "too_late"
    return "too_often" if used >= rules.moves_a_year else None


def later_days(it: Running, rules: ChangeRules) -> tuple[date, ...]:
    """The patient's days to which the next charge may be moved."""
    first = day_of(it.period_ends_at, it.time_zone)
    return tuple(first + timedelta(days=count) for count in range(1, rules.later_by_days + 1))


def moved_to(it: Running, day: date) -> datetime:
    """The next charge on that day, at the same time by the patient's clock."""
    return on_day(it.period_ends_at, day, it.time_zone)


PlanStep = Literal["now", "next", "undo"]


def plan_step(it: Running, plan: str, price_cents: int) -> PlanStep:
    """How a change to this plan is made: charged now, from the next charge on, or by taking a coming change back.

    Only a dearer plan, within a month that was paid in full at the price Stripe knows, can be prorated: otherwise it
    begins with the next charge.
    """
    if it.next_plan is not None and plan == it.plan:
        return "undo"
    plain = it.next_price_cents is None and it.resumes_at is None and not it.moved
    return "now" if plain and price_cents > it.price_cents else "next"


def may_change_plan(it: Running | None, plan: str, rules: ChangeRules, now: datetime) -> str | None:
    """Why this plan cannot be had, or None."""
    why = running_at_all(it)
    if it is None or why is not None:
        return why
    if plan == (it.next_plan or it.plan):
        return "same_plan"
    return "too_late" if now > it.charge_at - rules.last_change else None


def may_cost(it: Running, price_cents: int, *, given: bool) -> str | None:
    """Why a plan at this price cannot be had, or None. `given`: charges cost nothing now, whatever the plan, so that a
    dearer one would be had for nothing, and credited for the days that were paid; the gift was of the plan they have.
    """
    return "given_month" if given and asks_consent(it, price_cents) else None


def asks_consent(it: Running, price_cents: int) -> bool:
    """Is a month at this price more than the patient agreed to for the next one? Then a box of its own is ticked.

    A lower price has none: 15 U.S.C. 8403 asks for express consent before somebody is charged, which they gave to more,
    under the same terms. The button beside the new amount says yes to less, and it can be undone.
    """
    return price_cents > (it.next_price_cents or it.price_cents)


def still_counts(reviewed_at: datetime, month_began_at: datetime, rules: ChangeRules, now: datetime) -> bool:
    """Do amounts that were reckoned as of that moment still stand?

    Of a month begun by Stripe's clock, which may be ahead of ours, they are reckoned as of its beginning.
    """
    return reviewed_at <= max(now, month_began_at) and now <= reviewed_at + rules.review
