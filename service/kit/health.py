"""Is everything alive that patients depend on? Red means red: no 200 with a sad body."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import redis
from sqlalchemy import text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import SQLAlchemyError

from config.settings import Settings
from service.kit import db, queue
from service.kit.models import Heartbeat

PARTS = ("beat", *(f"worker:{name}" for name in queue.QUEUES))


@dataclass(frozen=True, slots=True)
class Readiness:
    """Each part's state: "ok", "stale" or "away"."""

    parts: dict[str, str]

    @property
    def ok(self) -> bool:
        """True when every part is."""
        return all(state == "ok" for state in self.parts.values())


def record_heartbeat(name: str, wall_now: datetime) -> None:
    """Write down that `name` is alive."""
    with db.transaction() as session:
        statement = insert(Heartbeat).values(name=name, beat_at=wall_now)
        session.execute(
            statement.on_conflict_do_update(index_elements=["name"], set_={"beat_at": statement.excluded.beat_at})
        )


def readiness(settings: Settings, wall_now: datetime) -> Readiness:
    """Ask the database, Redis, beat and each queue's worker."""
    parts: dict[str, str] = {}
    beats: dict[str, datetime] = {}
    try:
        with db.reading() as session:
            rows = session.execute(text("SELECT name, beat_at FROM heartbeats")).all()
            beats = {row.name: row.beat_at for row in rows}
        parts["database"] = "ok"
    except SQLAlchemyError:
        parts["database"] = "away"
    parts["redis"] = "ok" if _redis_answers(settings) else "away"
    for name in PARTS:
        at = beats.get(name)
        fresh = at is not None and (wall_now - at).total_seconds() <= settings.heartbeat_stale_after_seconds
        parts[name] = "ok" if fresh else "stale"
    return Readiness(parts)


def _redis_answers(settings: Settings) -> bool:
    client = redis.Redis.from_url(settings.redis_url.get_secret_value(), socket_connect_timeout=1, socket_timeout=1)
    try:
        return bool(client.ping())
    except redis.RedisError:
        return False
    finally:
        client.close()
