"""Planning nudges, and making sure that they were sent."""

from __future__ import annotations

from service.reminders.actions.compare import compare
from service.reminders.actions.open_ledger import LedgerPage, open_ledger
from service.reminders.actions.plan_due import plan_due, plan_visits

__all__ = ["LedgerPage", "compare", "open_ledger", "plan_due", "plan_visits"]
