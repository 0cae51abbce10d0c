"""Who is waiting, and for whom: the staff queue, a page at a time, the longest waiting first."""

from __future__ import annotations

from service.enrollment.queries.queue.ahead import UpcomingVisit, visits_ahead
from service.enrollment.queries.queue.counts import MANY
from service.enrollment.queries.queue.lines import Flag, Waiting, flags, lines_of
from service.enrollment.queries.queue.pages import PAGE, Place, QueuePage, queue
from service.enrollment.rules.queue import LISTED, OVER, WAITING

__all__ = [
    "LISTED",
    "MANY",
    "OVER",
    "PAGE",
    "WAITING",
    "Flag",
    "Place",
    "QueuePage",
    "UpcomingVisit",
    "Waiting",
    "flags",
    "lines_of",
    "queue",
    "visits_ahead",
]
