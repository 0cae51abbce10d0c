"""What must stop, end and be given back, whoever or whatever brings it about."""

from __future__ import annotations

from service.billing.actions.stops.end_care import EndedCare, Ending, end_care, open_ending
from service.billing.actions.stops.judge import judge_payments
from service.billing.actions.stops.refused import end_overdue, stop_refused

__all__ = ["EndedCare", "Ending", "end_care", "end_overdue", "judge_payments", "open_ending", "stop_refused"]
