"""A day and a clock time where the patient lives, as one moment.

The policy for the two odd nights of the year (domain.md 3.7): a time that does not exist on the spring change moves
forward by the hour that was skipped; a time that happens twice in autumn means the first.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo


def moment(day: date, clock_time: time, time_zone: str) -> datetime:
    """`clock_time` on `day` in the IANA zone, in UTC.

    fold=0 is the whole policy: inside a gap it reads the clock as if nothing had changed yet, which lands after the
    gap; in a repeated hour it is the earlier reading.
    """
    return datetime.combine(day, clock_time.replace(fold=0), ZoneInfo(time_zone)).astimezone(UTC)


def local(at: datetime, time_zone: str) -> datetime:
    """`at` on the clock of the zone."""
    return at.astimezone(ZoneInfo(time_zone))
