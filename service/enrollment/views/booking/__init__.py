"""From the days with open times to the visit's own room."""

from __future__ import annotations

from service.enrollment.views.booking import check, days, room, visits

__all__ = ["check", "days", "room", "visits"]
