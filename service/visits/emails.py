"""The mails about a visit: when, and where to change it. Neither says with whom or what for."""

from __future__ import annotations

from datetime import datetime

from service.kit.format import moment
from service.mail.rules import Email


def visit_booked(*, starts_at: datetime, time_zone: str, locale: str) -> Email:
    """The time is kept, on the patient's own clock."""
    return Email("visit_booked", {"when": moment(starts_at, time_zone, "full", locale), "path": "/visits"})


def visit_cancelled(*, starts_at: datetime, time_zone: str, locale: str) -> Email:
    """The time was given up, and how to choose another."""
    return Email("visit_cancelled", {"when": moment(starts_at, time_zone, "full", locale), "path": "/visits/book"})


def visit_missed(*, starts_at: datetime, time_zone: str, locale: str) -> Email:
    """The visit did not take place, without blame, and how to choose another time."""
    return Email("visit_missed", {"when": moment(starts_at, time_zone, "full", locale), "path": "/visits/book"})
