"""The one reminder of an assessment that was left, for whoever asked for it: when it leaves."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from service.catalog.rules.places import Found, PlaceAnswer
from service.catalog.rules.reminders import QuietHours

NUDGE_AFTER = timedelta(days=1)  # after the last answer, business time: a day to come back by oneself
LINK_FOR = timedelta(hours=72)  # how long a mailed link opens the answers
EASTERN = "America/New_York"  # where all but ten counties of our states are


def zone_of(place: PlaceAnswer | None) -> str:
    """The person's own zone where their answers tell it."""
    return place.time_zone if isinstance(place, Found) else EASTERN


def leaves_at(wanted: datetime, zone: str, quiet: QuietHours) -> datetime:
    """`wanted` itself inside the sending hours of `zone`, else their next opening. Aware UTC.

    A clock that is put forward over the opening opens an hour later; one that is put back opens at its first eight.
    """
    here = wanted.astimezone(ZoneInfo(zone))
    if quiet.opens <= here.time() < quiet.closes:
        return wanted
    day = here.date() if here.time() < quiet.opens else here.date() + timedelta(days=1)
    opening = datetime.combine(day, quiet.opens, ZoneInfo(zone))
    return opening.astimezone(UTC)


def closes_at(leaving: datetime, zone: str, quiet: QuietHours) -> datetime:
    """The end of that day's sending hours: a mail that is late waits for nobody's night."""
    here = leaving.astimezone(ZoneInfo(zone))
    return datetime.combine(here.date(), quiet.closes, ZoneInfo(zone)).astimezone(UTC)
