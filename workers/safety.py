"""Alerts climb."""

from __future__ import annotations

from service.catalog.queries import catalog
from service.kit.clock import now, wall_now
from service.safety import actions
from workers.app import app, settings


@app.task(name="safety.escalate_due")  # type: ignore[untyped-decorator]
def escalate_due() -> None:
    """Call the next people for alerts that nobody acknowledged."""
    actions.escalate_due(catalog=catalog(settings.config_dir), now=now())


@app.task(name="safety.call_for_reviews")  # type: ignore[untyped-decorator]
def call_for_reviews() -> None:
    """Call an owner again about emergency looks that nobody has reviewed within seven days."""
    actions.call_for_reviews(catalog=catalog(settings.config_dir), now=now(), wall_now=wall_now())
