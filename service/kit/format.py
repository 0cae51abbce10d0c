"""Money, days and moments as people read them. Pure: the locale and the zone are arguments."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_datetime, get_timezone_name
from babel.lists import format_list

DAY_PATTERNS = {
    "short": "MMM d",
    "weekday": "EEE, MMM d",
    "spoken": "EEEE, MMMM d",
    "long": "MMMM d, y",
    "full": "EEEE, MMMM d, y",
}
SPANISH_DAY_PATTERNS = {
    "short": "d MMM",
    "weekday": "EEE d MMM",
    "spoken": "EEEE d 'de' MMMM",
    "long": "d 'de' MMMM 'de' y",
    "full": "EEEE d 'de' MMMM 'de' y",
}


def money(cents: int, whole: bool = False) -> str:
    """US dollars from integer cents: "$250.00". `whole` drops ".00" where it is true: "$250"."""
    sign = "-" if cents < 0 else ""
    dollars, rest = divmod(abs(cents), 100)
    tail = "" if whole and rest == 0 else f".{rest:02d}"
    return f"{sign}${dollars:,}{tail}"


def unbroken(phone: str) -> str:
    """A telephone number that a narrow page does not break over two lines."""
    return phone.replace(" ", "\N{NO-BREAK SPACE}").replace("-", "\N{NON-BREAKING HYPHEN}")


def listed(names: Iterable[str], locale: str = "en") -> str:
    """Names in a sentence: "Florida and New Jersey", "Florida, Georgia, and New Jersey"."""
    return format_list(list(names), locale=locale)


def _day_pattern(style: str, locale: str) -> str:
    return (SPANISH_DAY_PATTERNS if locale.startswith("es") else DAY_PATTERNS)[style]


@lru_cache(maxsize=2048)
def day(value: date, style: str = "long", locale: str = "en") -> str:
    """A calendar day. Styles: short "Nov 24", weekday "Tue, Nov 24", spoken "Tuesday, November 24", long
    "November 24, 2026", full "Tuesday, November 24, 2026".

    A moment is not a day until a zone is named, so a datetime raises TypeError: use `moment`.
    """
    if isinstance(value, datetime):
        raise TypeError("a moment needs a zone to become a day")
    return format_date(value, _day_pattern(style, locale), locale=locale)


def zone_name(when: datetime, zone: tzinfo, locale: str = "en") -> str:
    """The zone as people call it, with the letters in force at that moment: "Eastern (EST)"."""
    spoken = get_timezone_name(zone, width="long", locale=locale).removesuffix(" Time")
    letters = when.astimezone(zone).strftime("%Z")
    return f"{spoken} ({letters})"


def hour(when: datetime, zone: str | tzinfo, locale: str = "en", named: bool = True) -> str:
    """The time of day there: "10:30 AM Eastern (EST)". `named=False` is for lists that name the zone once."""
    place = _zone(when, zone)
    clock = format_datetime(when, "h:mm a", tzinfo=place, locale=locale)
    return f"{clock} {zone_name(when, place, locale)}" if named else clock


def moment(when: datetime, zone: str | tzinfo, style: str = "weekday", locale: str = "en") -> str:
    """An aware moment in a place: "Tue, Nov 24, 10:30 AM Eastern (EST)".

    `style` is one of `day`'s; "day-only long" and the like leave the time out.
    """
    place = _zone(when, zone)
    there = when.astimezone(place)
    if style.startswith("day-only "):
        return day(there.date(), style.removeprefix("day-only "), locale)
    return f"{day(there.date(), style, locale)}, {hour(when, place, locale)}"


def _zone(when: datetime, zone: str | tzinfo) -> tzinfo:
    if when.tzinfo is None:
        raise TypeError("a moment is aware, in UTC")
    return ZoneInfo(zone) if isinstance(zone, str) else zone
