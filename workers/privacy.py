"""Copies are made; what is no longer kept goes."""

from __future__ import annotations

from uuid import UUID

from service.catalog.queries import catalog
from service.kit.clock import now, wall_now
from service.privacy import actions
from workers.app import app, settings


@app.task(name="privacy.make_copy")  # type: ignore[untyped-decorator]
def make_copy(copy_id: str) -> None:
    """Make one copy of a patient's data."""
    actions.make_copy(
        copy_id=UUID(copy_id),
        catalog=catalog(settings.config_dir),
        templates_dir=settings.templates_dir,
        config_dir=settings.config_dir,
        now=now(),
        wall_now=wall_now(),
    )


@app.task(name="privacy.sweep_copies")  # type: ignore[untyped-decorator]
def sweep_copies() -> None:
    """Make the copies whose job was lost; remove those whose time is over."""
    actions.sweep_copies(
        catalog=catalog(settings.config_dir),
        templates_dir=settings.templates_dir,
        config_dir=settings.config_dir,
        now=now(),
        wall_now=wall_now(),
    )


@app.task(name="privacy.retain")  # type: ignore[untyped-decorator]
def retain() -> None:
    """Remove what is no longer kept, once a day."""
    actions.retain_daily(catalog=catalog(settings.config_dir), now=now(), wall_now=wall_now())
