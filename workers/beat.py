"""Beat that can be seen to live. The schedule is code, kept in memory: two beats at once do no harm, because every
tick is idempotent."""

from __future__ import annotations

import time

import structlog
from celery.beat import Scheduler
from sqlalchemy.exc import SQLAlchemyError

from config.settings import current
from service.kit import health
from service.kit.clock import wall_now

log = structlog.get_logger(__name__)


class BeatingScheduler(Scheduler):  # type: ignore[misc]
    """Celery's own scheduler, which also writes down that it is alive."""

    _next_beat = 0.0

    def tick(self, *args: object, **kwargs: object) -> float:
        """Send what is due, then the sign of life: a beat that cannot publish goes stale."""
        wait: float = super().tick(*args, **kwargs)
        if time.monotonic() >= self._next_beat:
            try:
                health.record_heartbeat("beat", wall_now())
            except SQLAlchemyError as error:
                log.warning("beat could not write its heartbeat", error=type(error).__name__)
            self._next_beat = time.monotonic() + current().heartbeat_seconds
        return min(wait, current().heartbeat_seconds)
