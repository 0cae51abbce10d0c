"""Opening a process: logs, database, keys, queue and clock, in that order, once."""

from __future__ import annotations

from config.settings import Settings
from service.kit import clock, crypto, db, log, queue


def open_house(settings: Settings) -> None:
    """Configure this process for `settings`. After a fork call it again: connections are not shared."""
    log.configure(settings)
    crypto.configure(settings)
    engine = db.configure(settings)
    queue.configure(settings)
    clock.configure(settings, engine)
