"""A visit as an entry for somebody's calendar (RFC 5545): neutral words, because a calendar is often shared. Pure."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from icalendar import Calendar, Event


def entry(
    *,
    visit_id: UUID,
    changes: int,
    starts_at: datetime,
    ends_at: datetime,
    cancelled: bool,
    title: str,
    practice: str,
    url: str,
    host: str,
    now: datetime,
) -> bytes:
    """The entry, in UTC. Moments are aware.

    `visit_id` is the first of the appointments that were changed into this one, so that the same entry moves;
    `changes` says how often it did, and a cancellation counts as one more.
    """
    event = Event()
    event.add("uid", f"{visit_id}@{host}")
    event.add("sequence", changes + cancelled)
    event.add("dtstamp", now)
    event.add("dtstart", starts_at)
    event.add("dtend", ends_at)
    event.add("summary", title)
    event.add("url", url)
    event.add("description", url)
    event.add("status", "CANCELLED" if cancelled else "CONFIRMED")
    event.add("class", "PRIVATE")
    calendar = Calendar()
    calendar.add("prodid", f"-//{practice}//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "CANCEL" if cancelled else "PUBLISH")
    calendar.add_component(event)
    return bytes(calendar.to_ical())
