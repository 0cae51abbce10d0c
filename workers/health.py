"""The worker's sign of life, once for each queue it consumes."""

from __future__ import annotations

from service.kit.clock import wall_now
from service.kit.health import record_heartbeat
from workers.app import app


@app.task(name="health.beat")  # type: ignore[untyped-decorator]
def beat(queue_name: str) -> None:
    """This queue is consumed."""
    record_heartbeat(f"worker:{queue_name}", wall_now())
