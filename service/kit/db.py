"""Postgres: one engine a process, one transaction a use case.

`transaction()` opens the only transaction of a use case, refuses to nest, commits at the end and publishes the jobs
noted on its session after the commit. `reading()` gives a session that never writes.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Date, DateTime, Engine, LargeBinary, MetaData, Text, Uuid, create_engine
from sqlalchemy.engine import make_url
from sqlalchemy.orm import DeclarativeBase, Session, sessionmaker

from config.settings import Settings
from service.kit import queue


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
_engine: Engine | None = None
_open: ContextVar[Session | None] = ContextVar("open_transaction", default=None)


def connect(url: str, *, pool_size: int = 5) -> Engine:
    """An engine for `url` (postgresql://...) through psycopg, in UTC, with bounded waits."""
    parts = make_url(url).set(drivername="postgresql+psycopg")
    return create_engine(
        parts,
        pool_size=pool_size,
        max_overflow=pool_size,
        pool_timeout=5,
        pool_pre_ping=True,
        hide_parameters=True,  # an error in a log must not carry somebody's answers
        connect_args={
            "connect_timeout": 5,
            "options": "-c timezone=UTC -c statement_timeout=15000 -c lock_timeout=5000"
            " -c idle_in_transaction_session_timeout=30000",
        },
    )


def configure(settings: Settings) -> Engine:
    """Open this process's engine. Calling it again replaces the engine."""
    global _engine
    if _engine is not None:
        _engine.dispose(close=False)  # after a fork the old connections are the parent's to close
    _engine = connect(settings.database_url.get_secret_value(), pool_size=settings.database_pool_size)
    bind(sessionmaker(_engine, expire_on_commit=False))
    return _engine


def bind(sessions: sessionmaker[Session] | None) -> None:
    """Use `sessions` from now on: the engine's in a process, a rolled-back connection's in a test."""
    global _sessions
    _sessions = sessions


def _new_session() -> Session:
    if _sessions is None:
        raise RuntimeError("the database is not configured: call kit.db.configure(settings) first")
    return _sessions()


@contextmanager
def transaction() -> Iterator[Session]:
    """The one transaction of a use case. Commits at the end, rolls back on any error, never nests.

    Jobs noted with `kit.queue.enqueue` leave only after the commit.
    """
    if _open.get() is not None:
        raise RuntimeError("a use case opened a second transaction inside its first")
    session = _new_session()
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
    """A session for reads. Whatever happened in it is rolled back; rows read in it may be used afterwards."""
    session = _new_session()
    try:
        yield session
    finally:
        session.close()
