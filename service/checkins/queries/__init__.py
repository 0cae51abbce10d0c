"""What pages and other domains may ask about check-ins."""

from __future__ import annotations

from service.checkins.queries.due import ToRemind, Turn, to_remind, turns_due
from service.checkins.queries.pages import (
    NO_SUCH,
    CheckInDetails,
    SavedScore,
    of_patient,
    one,
    opened_answers,
    opened_score,
)
from service.checkins.queries.scores import Point, Trend, highest_total, minutes, points, trend
from service.checkins.queries.timeline import happened, next_due_at
from service.checkins.queries.walk import Page, answered, next_page, page, resume_page

__all__ = [
    "NO_SUCH",
    "CheckInDetails",
    "Page",
    "Point",
    "SavedScore",
    "ToRemind",
    "Trend",
    "Turn",
    "answered",
    "happened",
    "highest_total",
    "minutes",
    "next_due_at",
    "next_page",
    "of_patient",
    "one",
    "opened_answers",
    "opened_score",
    "page",
    "points",
    "resume_page",
    "to_remind",
    "trend",
    "turns_due",
]
