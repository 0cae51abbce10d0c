"""Visits: who may hold them, and what is due about them."""

from __future__ import annotations

from service.catalog.queries import catalog
from service.kit.clock import now
from service.visits.actions import let_go, notices
from workers.app import app, settings


@app.task(name="visits.remind_of_licenses")  # type: ignore[untyped-decorator]
def remind_of_licenses() -> None:
    """Tell of licences that run out."""
    notices.remind_of_licenses(catalog=catalog(settings.config_dir), now=now())


@app.task(name="visits.watch_bookings")  # type: ignore[untyped-decorator]
def watch_bookings() -> None:
    """Raise an alert for each booked visit whose clinician cannot hold it."""
    notices.watch_bookings(catalog=catalog(settings.config_dir), now=now())


@app.task(name="visits.let_go_expired")  # type: ignore[untyped-decorator]
def let_go_expired() -> None:
    """Let go of times that were held and not booked."""
    let_go.let_go_expired(now=now())
