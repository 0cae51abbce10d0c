"""Billing periods (docs.stripe.com/billing/subscriptions/billing-cycle).

A period ends on the anchor's day of the month, or on the last day of a month without it: 31 January, 28 February,
31 March. Each end is counted from the anchor and not from the period before, or the 31st would be lost in February.
"""

from __future__ import annotations

import calendar
from datetime import UTC, datetime, timedelta

_DAYS = {"day": 1, "week": 7}
_MONTHS = {"month": 1, "year": 12}


def moment_after(anchor: int, interval: str, count: int, periods: int) -> int:
    """The end of the period number `periods`, in Unix seconds."""
    start = datetime.fromtimestamp(anchor, UTC)
    if interval in _DAYS:
        return int((start + timedelta(days=_DAYS[interval] * count * periods)).timestamp())
    months = start.month - 1 + _MONTHS[interval] * count * periods
    year, month = start.year + months // 12, months % 12 + 1
    day = min(start.day, calendar.monthrange(year, month)[1])
    return int(start.replace(year=year, month=month, day=day).timestamp())


def period_containing(anchor: int, interval: str, count: int, moment: int) -> tuple[int, int]:
    """Start and end of the period that `moment` falls into; a period contains its start, not its end."""
    number = 0
    while moment_after(anchor, interval, count, number + 1) <= moment:
        number += 1
    return moment_after(anchor, interval, count, number), moment_after(anchor, interval, count, number + 1)
