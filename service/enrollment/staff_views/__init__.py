"""Pages of the care team: the queue, one record, who looks after it, recording a visit, completing an approval."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("enrollment_staff", __name__)

# Below the blueprint, because each of them asks for it.
from service.enrollment.staff_views import (  # noqa: E402
    completion,
    documents,
    encounter,
    hand,
    part,
    queue,
    record,
    reviews,
    room,
    team,
    together,
    waitlist,
)

__all__ = [
    "bp",
    "completion",
    "documents",
    "encounter",
    "hand",
    "part",
    "queue",
    "record",
    "reviews",
    "room",
    "team",
    "together",
    "waitlist",
]
