"""Check-ins open and close."""

from __future__ import annotations

from service.catalog.queries import catalog
from service.checkins.actions.open_due import open_due as open_due_checkins
from service.kit.clock import now
from workers.app import app, settings


@app.task(name="checkins.open_due")  # type: ignore[untyped-decorator]
def open_due() -> None:
    """Open what is due for anybody, close what was missed."""
    open_due_checkins(catalog=catalog(settings.config_dir), now=now())
