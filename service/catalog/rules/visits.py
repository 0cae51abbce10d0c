"""How long a chosen time is kept, until when a visit may be changed, and when its room is open."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from service.catalog.rules.reading import Table


@dataclass(frozen=True)
class VisitRules:
    """Lengths of time around a visit. `change_until` and `cancel_until` count back from its beginning."""

    hold_for: timedelta
    change_until: timedelta
    cancel_until: timedelta
    opens_before: timedelta
    stays_after: timedelta
    late_after: timedelta


def read_visits(table: Table) -> VisitRules:
    """`visits.toml`. Raises CatalogError."""
    booking, room = table.table("booking"), table.table("room")
    rules = VisitRules(
        hold_for=_minutes(booking, "hold_minutes", least=1),
        change_until=_minutes(booking, "change_until_minutes_before"),
        cancel_until=_minutes(booking, "cancel_until_minutes_before"),
        opens_before=_minutes(room, "opens_minutes_before"),
        stays_after=_minutes(room, "stays_minutes_after"),
        late_after=_minutes(room, "late_after_minutes"),
    )
    for part in (booking, room, table):
        part.close()
    return rules


def _minutes(table: Table, key: str, least: int = 0) -> timedelta:
    return timedelta(minutes=table.number(key, least=least))
