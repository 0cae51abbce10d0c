"""When somebody who waited is told. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

# domain.md 8, quiet hours: what is no matter of safety leaves between 08:00 and 20:00 where its reader lives.
FROM_HOUR, UNTIL_HOUR = 8, 20
SEND_WITHIN = timedelta(days=7)  # older than that it is no news


def is_daytime(now: datetime, time_zone: str) -> bool:
    """Is it an hour there at which we write to people?"""
    return FROM_HOUR <= now.astimezone(ZoneInfo(time_zone)).hour < UNTIL_HOUR
