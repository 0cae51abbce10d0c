"""Postgres: one transaction a use case, and connections of their own for reads, which cannot write.

`transaction()` opens the only transaction of a use case, refuses to nest, commits at the end and publishes the jobs
noted on its session after the commit. `reading()` gives a session that never writes.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import date, datetime
from typing import Any
from uuid import UUID

import psycopg
from sqlalchemy import Date, DateTime, Engine, LargeBinary, MetaData, Text, Uuid, create_engine
from sqlalchemy.engine import make_url
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import DeclarativeBase, Session, sessionmaker
from sqlalchemy.pool import PoolProxiedConnection

from config.settings import Settings
from service.kit import lines, prepared, queue


class Base(DeclarativeBase):
    """The base of every table. Names of constraints are fixed so that migrations can speak of them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {
        str: Text,
        bytes: LargeBinary,
        datetime: DateTime(timezone=True),
        date: Date,
        UUID: Uuid,
    }


_sessions: sessionmaker[Session] | None = None
_readers: sessionmaker[Session] | None = None
_engines: list[Engine] = []
_alone: Engine | None = None
_open: ContextVar[Session | None] = ContextVar("open_transaction", default=None)


def connect(url: str, *, pool_size: int = 5, only_read: bool = False, alone: bool = False) -> Engine:
    """An engine for `url` (postgresql://...) through psycopg, in UTC, with bounded waits.

    On connections of `alone` each statement is its own transaction: they need neither BEGIN nor COMMIT. `only_read` is
    that, and Postgres refuses every write. They see what they would see otherwise: READ COMMITTED looks anew each time.
    """
    parts = make_url(url).set(drivername="postgresql+psycopg")
    settings = {
        "timezone": "UTC",
        "statement_timeout": "15000",
        "lock_timeout": "5000",
        "idle_in_transaction_session_timeout": "30000",
    }
    if only_read:
        settings["default_transaction_read_only"] = "on"
    each: dict[str, Any] = {"isolation_level": "AUTOCOMMIT", "pool_reset_on_return": None} if only_read or alone else {}
    engine = create_engine(
        parts,
        pool_size=pool_size,
        max_overflow=pool_size,
        pool_timeout=5,
        hide_parameters=True,  # an error in a log must not carry somebody's answers
        connect_args={
            "connect_timeout": 5,
            "options": " ".join(f"-c {name}={value}" for name, value in settings.items()),
        },
        **each,
    )
    lines.watch(engine)
    if not each:  # the others have no rollbacks
        prepared.watch(engine)
    return engine


def configure(settings: Settings) -> Engine:
    """Open this process's engines, and return the one that writes. Calling it again replaces them."""
    for engine in _engines:
        engine.dispose(close=False)  # after a fork the old connections are the parent's to close
    url, size = settings.database_url.get_secret_value(), settings.database_pool_size
    writing, reading = connect(url, pool_size=size), connect(url, pool_size=size, only_read=True)
    single = connect(url, pool_size=size, alone=True)
    _engines[:] = [writing, reading, single]
    bind(sessionmaker(writing, expire_on_commit=False), sessionmaker(reading, expire_on_commit=False), single)
    return writing


def bind(
    sessions: sessionmaker[Session] | None,
    readers: sessionmaker[Session] | None = None,
    alone: Engine | None = None,
) -> None:
    """Use `sessions` from now on, `readers` for reads (default: the same), and `alone` for single statements.

    They are the engines' in a process, a rolled-back connection's in a test.
    """
    global _sessions, _readers, _alone
    _sessions, _readers, _alone = sessions, readers or sessions, alone


def _new_session(sessions: sessionmaker[Session] | None) -> Session:
    if sessions is None:
        raise RuntimeError("the database is not configured: call kit.db.configure(settings) first")
    return sessions()


class Line:
    """A connection borrowed for `kit.asked` alone: what a session is there for, it does not do, nor cost."""

    __slots__ = ("_borrowed", "_engine")

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._borrowed: PoolProxiedConnection | None = None

    @property
    def connection(self) -> PoolProxiedConnection:
        """The connection, borrowed when it is first needed."""
        if self._borrowed is None:
            self._borrowed = self._engine.raw_connection()
        return self._borrowed

    def drop(self) -> None:
        """It failed: nobody is given it again."""
        borrowed, self._borrowed = self._borrowed, None
        if borrowed is not None:
            borrowed.invalidate()

    def __enter__(self) -> Line:
        return self

    def __exit__(self, *_: object) -> None:
        borrowed, self._borrowed = self._borrowed, None
        if borrowed is not None:
            borrowed.close()


def asking() -> Session | Line:
    """As `reading()`, for a `with` block in which only `kit.asked` questions are put."""
    engine = _readers.kw.get("bind") if _readers is not None else None
    return Line(engine) if isinstance(engine, Engine) else _new_session(_readers)


@contextmanager
def single() -> Iterator[Any | None]:
    """A connection of the driver's on which each statement commits by itself: one way to the database, not three.

    None where there is no such engine (a test that keeps all it does in one transaction): then use `transaction()`.
    One that failed is given to nobody again.
    """
    if _open.get() is not None:
        raise RuntimeError("a use case opened a second transaction inside its first")
    if _alone is None:
        yield None
        return
    try:
        borrowed = _alone.raw_connection()
    except psycopg.Error as error:  # as a session says it
        raise OperationalError(None, None, error) from error
    try:
        yield borrowed.driver_connection
    except BaseException:
        borrowed.invalidate()
        raise
    finally:
        borrowed.close()


@contextmanager
def transaction() -> Iterator[Session]:
    """The one transaction of a use case. Commits at the end, rolls back on any error, never nests.

    Jobs noted with `kit.queue.enqueue` leave only after the commit.
    """
    if _open.get() is not None:
        raise RuntimeError("a use case opened a second transaction inside its first")
    session = _new_session(_sessions)
    token = _open.set(session)
    try:
        with session.begin():
            yield session
        jobs = queue.noted(session)
    finally:
        _open.reset(token)
        session.close()
    queue.publish(jobs)


@contextmanager
def reading() -> Iterator[Session]:
    """A session for reads: Postgres refuses a write in it. Rows read in it may be used afterwards."""
    session = _new_session(_readers)
    try:
        yield session
    finally:
        session.close()
