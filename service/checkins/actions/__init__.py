"""What happens to a check-in: it opens, it is answered, it is sent."""

from __future__ import annotations

from service.checkins.actions.answer import answer
from service.checkins.actions.open_due import open_due
from service.checkins.actions.submit import Outcome, submit

__all__ = ["Outcome", "answer", "open_due", "submit"]
