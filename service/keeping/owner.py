"""The owner's way into a database: for chores, which may take as long as they take."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Engine, MetaData, event
from sqlalchemy.orm import Session

from service.audit.writes import record
from service.kit import db
from service.kit.actor import SYSTEM

Tell = Callable[[str], None]


class KeepingError(Exception):
    """A chore cannot be done. The text says why and what to do."""


def tables() -> MetaData:
    """Every table of the house."""
    from service import migrations  # every model of every room: not for `homeward --help`

    return migrations.metadata()


@contextmanager
def owner(url: str) -> Iterator[Engine]:
    """An engine for `url` whose statements are not cut off; locks are still waited for only briefly."""
    engine = db.connect(url, pool_size=2)

    @event.listens_for(engine, "connect")
    def patient(connection: Any, _: object) -> None:
        connection.execute("SET statement_timeout = 0")
        connection.commit()

    try:
        yield engine
    finally:
        engine.dispose()


def note(engine: Engine, action: str, subject: str, reason: str) -> None:
    """Leave a trace of a chore: words, ids of keys and counts."""
    with Session(engine) as session, session.begin():
        record(session, SYSTEM, action, subject, reason=reason)
