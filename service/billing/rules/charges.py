"""When the next charges are, and how much the next one is. Pure. Moments in UTC, money in cents."""

from __future__ import annotations

from calendar import monthrange
from datetime import date, datetime
from typing import Protocol
from zoneinfo import ZoneInfo


def months_after(anchor: datetime, count: int) -> datetime:
    """`count` months after `anchor`, or the last day of a shorter month: how Stripe counts, always from the anchor."""
    months = anchor.year * 12 + anchor.month - 1 + count
    year, month = divmod(months, 12)
    return anchor.replace(year=year, month=month + 1, day=min(anchor.day, monthrange(year, month + 1)[1]))


def charge_after(anchor: datetime, moment: datetime) -> datetime:
    """The first charge of the rhythm begun at `anchor` that is later than `moment`."""
    count = (moment.year - anchor.year) * 12 + moment.month - anchor.month - 1
    while (found := months_after(anchor, count)) <= moment:
        count += 1
    return found


def later_charges(anchor: datetime, first: datetime, count: int) -> tuple[datetime, ...]:
    """The `count` charges that follow the one at `first`."""
    found = [first]
    for _ in range(count):
        found.append(charge_after(anchor, found[-1]))
    return tuple(found[1:])


def next_charge(period_ends_at: datetime, anchor_at: datetime | None, resumes_at: datetime | None) -> datetime:
    """The next charge that will be made: at the period's end, or the first one a skip leaves."""
    anchor, found = anchor_at or period_ends_at, period_ends_at
    while resumes_at is not None and found < resumes_at:
        found = charge_after(anchor, found)
    return found


def next_amount(price_cents: int, *, percent: int | None, off_cents: int | None, credit_cents: int) -> int:
    """What a charge of `price_cents` comes to after discount and credit, as Stripe rounds: half a cent up."""
    off = (price_cents * (percent or 0) + 50) // 100 + (off_cents or 0)
    return max(0, price_cents - off - credit_cents)


class Coming(Protocol):
    """What the next charge hangs on: a membership's row, or what a page sees of it."""

    @property
    def price_cents(self) -> int: ...
    @property
    def next_price_cents(self) -> int | None: ...
    @property
    def credit_cents(self) -> int: ...
    @property
    def discount_percent(self) -> int | None: ...
    @property
    def discount_cents(self) -> int | None: ...
    @property
    def discount_ends_at(self) -> datetime | None: ...
    @property
    def period_ends_at(self) -> datetime | None: ...


def coming_cents(it: Coming, charge_at: datetime | None) -> int:
    """What the charge at `charge_at` comes to; 0 where there is none."""
    if charge_at is None:
        return 0
    return _amount(it, discounted=_counts(it, charge_at), credit_cents=it.credit_cents)


def following_cents(it: Coming, charge_at: datetime, then: datetime) -> int:
    """What the charge at `then` comes to once the one at `charge_at` is made: the credit that takes is gone by then,
    and so is a discount that counts once.
    """
    taken = _amount(it, discounted=_counts(it, charge_at), credit_cents=0)
    still = it.discount_ends_at is not None and it.discount_ends_at > then
    return _amount(it, discounted=still, credit_cents=max(0, it.credit_cents - taken))


def _amount(it: Coming, *, discounted: bool, credit_cents: int) -> int:
    return next_amount(
        it.next_price_cents or it.price_cents,
        percent=it.discount_percent if discounted else None,
        off_cents=it.discount_cents if discounted else None,
        credit_cents=credit_cents,
    )


def is_given(it: Coming, now: datetime) -> bool:
    """Do charges cost nothing at all now: months that were given, or a code for the whole price?"""
    return it.discount_percent == 100 and (it.discount_ends_at is None or it.discount_ends_at > now)


def _counts(it: Coming, charge_at: datetime) -> bool:
    """Does the discount still count then? One without an end counts once: a charge that is left out spends it too."""
    if it.discount_ends_at is not None:
        return it.discount_ends_at > charge_at
    return it.period_ends_at is None or charge_at <= it.period_ends_at


def on_day(charge_at: datetime, day: date, time_zone: str) -> datetime:
    """The charge at `charge_at` on another day: the same time by the patient's clock, in UTC.

    An hour that the clock leaves out on that day is the one after it, so that the day stays the day.
    """
    zone = ZoneInfo(time_zone)
    there = charge_at.astimezone(zone).replace(year=day.year, month=day.month, day=day.day, fold=0)
    return there.astimezone(charge_at.tzinfo)


def day_of(moment: datetime, time_zone: str) -> date:
    """The patient's day."""
    return moment.astimezone(ZoneInfo(time_zone)).date()
