"""By when a written estimate is due (45 CFR 149.610(b)(1)(vi)). Pure.

Business days are Monday to Friday without the holidays of 5 U.S.C. 6103. We hand estimates out at once, so that these
days are never reached; the rule is kept so that a test can say so.
"""

from __future__ import annotations

from datetime import date, timedelta

FAR_AHEAD, AHEAD = 10, 3  # business days between asking for a time and the visit
DAYS_WHEN_FAR, DAYS_WHEN_AHEAD, DAYS_ON_ASKING = 3, 1, 3
DISPUTE_FROM_CENTS, DISPUTE_WITHIN_DAYS = 400_00, 120  # 45 CFR 149.620(a)(3) and (c)(2)(i)
_DAY = timedelta(days=1)
_FIXED = ((1, 1), (6, 19), (7, 4), (11, 11), (12, 25))
_NTH_MONDAYS = ((1, 3), (2, 3), (9, 1), (10, 2))  # month, which Monday
MONDAY, THURSDAY = 0, 3


def due_by(made_on: date, visit_on: date | None = None) -> date | None:
    """The last day on which an estimate may be handed out, or None where the rule sets none.

    `made_on` is the day a visit was booked, or an estimate asked for where `visit_on` is None.
    """
    if visit_on is None:
        return _after(made_on, DAYS_ON_ASKING)
    between = business_days_until(made_on, visit_on)
    if between >= FAR_AHEAD:
        return _after(made_on, DAYS_WHEN_FAR)
    return _after(made_on, DAYS_WHEN_AHEAD) if between >= AHEAD else None


def business_days_until(first: date, last: date) -> int:
    """How many business days lie after `first`, up to and including `last`."""
    days = (first + _DAY * number for number in range(1, (last - first).days + 1))
    return sum(is_business_day(day) for day in days)


def is_business_day(day: date) -> bool:
    """Monday to Friday, and no federal holiday."""
    return day.weekday() < 5 and day not in holidays(day.year)


def holidays(year: int) -> frozenset[date]:
    """The federal holidays of a year as they are kept: from Saturday on the Friday before, from Sunday on Monday."""
    days = [date(year, month, day) for month, day in _FIXED]
    days += [_nth(year, month, MONDAY, nth) for month, nth in _NTH_MONDAYS]
    days.append(_nth(year, 11, THURSDAY, 4))
    days.append(_nth(year, 6, MONDAY, 1) - _DAY * 7)  # the last Monday of May
    days.append(date(year + 1, 1, 1))  # kept on December 31 when it is a Saturday
    return frozenset(_kept_on(day) for day in days)


def _kept_on(day: date) -> date:
    return day - _DAY if day.weekday() == 5 else day + _DAY if day.weekday() == 6 else day


def _nth(year: int, month: int, weekday: int, nth: int) -> date:
    first = date(year, month, 1)
    return first + _DAY * ((weekday - first.weekday()) % 7 + 7 * (nth - 1))


def _after(day: date, count: int) -> date:
    while count:
        day += _DAY
        count -= is_business_day(day)
    return day
