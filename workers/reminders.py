"""Nudges are planned, and counted."""

from __future__ import annotations

from service.catalog.queries import catalog
from service.kit.clock import now
from service.reminders.actions.compare import compare as compare_sends
from service.reminders.actions.plan_due import plan_due as plan_due_reminders
from service.reminders.actions.plan_due import plan_visits as plan_visit_reminders
from workers.app import app, settings


@app.task(name="reminders.plan_due")  # type: ignore[untyped-decorator]
def plan_due() -> None:
    """Put the nudges of open check-ins into the outbox."""
    plan_due_reminders(catalog=catalog(settings.config_dir), now=now())


@app.task(name="reminders.plan_visits")  # type: ignore[untyped-decorator]
def plan_visits() -> None:
    """Put the nudges of visits ahead into the outbox."""
    plan_visit_reminders(catalog=catalog(settings.config_dir), now=now())


@app.task(name="reminders.compare")  # type: ignore[untyped-decorator]
def compare() -> None:
    """Compare what should have left with what did."""
    compare_sends(catalog=catalog(settings.config_dir), now=now())
