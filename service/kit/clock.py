"""Two clocks.

`now()` is business time: what patients, plans and reminders live by. The sandbox may move it forward; it is kept in
Postgres so that every process agrees. `wall_now()` is never moved: sign-in sessions, one-time codes, link expiry,
webhook signatures, leases, heartbeats, rate limits and audit stamps live by it.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta

from sqlalchemy import Engine, text
from sqlalchemy.exc import OperationalError

from config.settings import Settings

Source = Callable[[], datetime]


def wall_now() -> datetime:
    """The machine's own time, aware, in UTC."""
    return datetime.now(UTC)


_source: Source = wall_now


def now() -> datetime:
    """Business time, aware, in UTC."""
    return _source()


def use(source: Source) -> None:
    """Take business time from `source`."""
    global _source
    _source = source


def configure(settings: Settings, engine: Engine) -> None:
    """In the sandbox business time is the wall plus the stored offset; anywhere else it is the wall."""
    use(_stored(engine) if settings.is_sandbox else wall_now)


def _stored(engine: Engine) -> Source:
    known = timedelta(0)

    def source() -> datetime:
        nonlocal known
        with suppress(OperationalError):  # while the database is away time goes on: pages that need nothing else stand
            known = read_offset(engine)
        return wall_now() + known

    return source


def read_offset(engine: Engine) -> timedelta:
    """How far business time is ahead of the wall (zero where nobody ever moved it)."""
    with engine.connect() as connection:
        found = connection.execute(text('SELECT "offset" FROM business_clock WHERE id = 1')).scalar()
    return found if isinstance(found, timedelta) else timedelta(0)


def set_offset(owner: Engine, offset: timedelta) -> None:
    """Move business time, as the database's owner (the app role may only read it).

    Raises ValueError when time would run backwards: due moments already acted upon must not come again.
    """
    with owner.begin() as connection:
        before = connection.execute(text('SELECT "offset" FROM business_clock WHERE id = 1 FOR UPDATE')).scalar()
        if isinstance(before, timedelta) and offset < before:
            raise ValueError("business time only moves forward")
        connection.execute(
            text(
                'INSERT INTO business_clock (id, "offset") VALUES (1, :offset)'
                ' ON CONFLICT (id) DO UPDATE SET "offset" = excluded."offset"'
            ),
            {"offset": offset},
        )
