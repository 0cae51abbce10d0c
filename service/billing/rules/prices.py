"""A price that rises: who is told, from which charge it counts, and what happens without a yes. Pure.

Nobody is charged more than they agreed to (shared/domain.md 7.3): 30 days' notice, a box of its own, and without it the
old price stays or the membership ends with the paid month.
"""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from service.billing.rules.changes import Running
from service.billing.rules.charges import charge_after
from service.catalog.rules.changes import PriceChange
from service.catalog.rules.whole import Catalog


def begins_at(change: PriceChange, time_zone: str) -> datetime:
    """The first moment of its first day where the patient lives."""
    return datetime.combine(change.effective_on, time.min, ZoneInfo(time_zone))


def applies_at(change: PriceChange, it: Running, *, told_at: datetime, notice: timedelta) -> datetime:
    """The first charge at the new price: none before its day, and none within `notice` of being told."""
    return first_charge(it, max(begins_at(change, it.time_zone).astimezone(told_at.tzinfo), told_at + notice))


def first_charge(it: Running, earliest: datetime) -> datetime:
    """The first charge from `earliest` on, as its dates stand now: one that is left out or was moved is not it."""
    charge = it.charge_at
    while charge < earliest:
        charge = charge_after(it.anchor_at, charge)
    return charge


def concerns(change: PriceChange, it: Running, now: datetime, *, within: timedelta) -> bool:
    """Is this member to be told of it now? Whoever pays less for that plan, goes on, and it is not far off any more."""
    plan, price = it.next_plan or it.plan, it.next_price_cents or it.price_cents
    going_on = it.status in ("active", "grace") and not it.ends
    near = now >= begins_at(change, it.time_zone) - within
    return going_on and near and plan == change.plan and price < change.price_cents


def agree_until(charge_at: datetime, last_change: timedelta) -> datetime:
    """Until when a yes to a charge at `charge_at` counts."""
    return charge_at - last_change


Settled = Literal["agreed", "kept", "ended", "overtaken"]


def without_a_yes(
    change: PriceChange | None, it: Running, *, applies_at: datetime, until: datetime, now: datetime
) -> Settled | None:
    """What becomes of a notice that nobody answered; None while there is time. Taken back by us, it is overtaken."""
    plan = it.next_plan or it.plan
    if change is None or plan != change.plan or (it.next_price_cents or it.price_cents) >= change.price_cents:
        return "overtaken"
    if it.charge_at < applies_at or now <= until:
        return None
    return "ended" if change.without_consent == "end" else "kept"


def takes_effect(it: Running, *, applies_at: datetime) -> bool:
    """Is the next charge the first one at the price that was agreed? Before, Stripe must still know the old one."""
    return it.charge_at >= applies_at


def price_key(catalog: Catalog, plan: str, price_cents: int) -> str | None:
    """Under which key Stripe knows this plan at this price: today's, an earlier or a coming one. None: unknown."""
    known = catalog.plans.get(plan)
    if known is not None and known.price_cents == price_cents:
        return known.stripe_lookup_key
    for change in catalog.price_changes:
        if (change.plan, change.price_cents) == (plan, price_cents):
            return change.stripe_lookup_key
    return None
