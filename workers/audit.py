"""The trail is chained, anchored and watched."""

from __future__ import annotations

from service.audit import actions
from service.catalog.queries import catalog
from service.kit.clock import now, wall_now
from service.safety.actions import watch_trail
from workers.app import app, settings


@app.task(name="audit.seal")  # type: ignore[untyped-decorator]
def seal() -> None:
    """Chain what was committed since the last tick."""
    actions.seal(wall_now=wall_now())


@app.task(name="audit.watch")  # type: ignore[untyped-decorator]
def watch() -> None:
    """Anchor the head where today has none yet; call a person when the trail is not kept as it should be."""
    watch_trail(catalog=catalog(settings.config_dir), anchors=settings.audit_anchors, now=now(), wall_now=wall_now())
