"""Is a kept connection still there? Mostly seen without asking: a page should not pay for a question each time."""

from __future__ import annotations

import select
import time
from typing import Any

import psycopg
from sqlalchemy import Engine, event
from sqlalchemy.exc import DisconnectionError

RESTED_SECONDS = 30.0  # after such a rest it is asked: what stands between may have dropped the line in silence


def watch(engine: Engine) -> None:
    """Look at each connection before it is used again. One that is gone is replaced by a new one."""
    event.listen(engine, "checkin", _note_the_time)
    event.listen(engine, "checkout", _refuse_the_dead)


def _note_the_time(_connection: Any, record: Any) -> None:
    record.info["rests_since"] = time.monotonic()


def _refuse_the_dead(connection: Any, record: Any, _holder: Any) -> None:
    since = record.info.pop("rests_since", None)
    if since is None:
        return  # it was opened this moment
    if _has_something_to_say(connection) or time.monotonic() - since > RESTED_SECONDS:
        _ask(connection)


def _has_something_to_say(connection: Any) -> bool:
    """On a line at rest Postgres says nothing but farewell, which can be read without waiting."""
    if connection.closed:
        raise DisconnectionError("the connection was closed")
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLIN)
    return bool(poll.poll(0))


def _ask(connection: Any) -> None:
    try:
        connection.execute("SELECT 1")
        if not connection.autocommit:
            connection.rollback()
    except (psycopg.OperationalError, psycopg.InterfaceError) as error:
        raise DisconnectionError("the connection was lost") from error
