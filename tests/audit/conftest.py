"""A database of its own for what needs real commits, several connections, or a hand that may break things."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.engine import make_url
from sqlalchemy.orm import sessionmaker

from config.settings import Settings
from service.audit import actions, writes
from service.audit.actions import Verified
from service.kit import crypto, db
from service.kit.actor import Actor
from service.kit.clock import wall_now
from service.kit.ids import new_id
from tests.conftest import RUN, SERVER, new_database, role_url

STAFF = Actor("staff", new_id(), role="clinician", address="192.0.2.7")


@dataclass
class Trail:
    """One trail, really committed. `hand` is a superuser: it may do what nobody should be able to do."""

    name: str
    hand: Engine

    def url(self, role: str) -> str:
        """The address of this database for one of our roles."""
        return role_url(role, self.name)

    def note(self, number: int = 1, **values: Any) -> None:
        """Some entries, each in its own transaction, as requests write them."""
        for _ in range(number):
            with db.transaction() as session:
                writes.record(session, STAFF, "record.view", "membership", new_id(), **values)

    def tamper(self, statement: str, **values: Any) -> None:
        """Change what nobody may change, past every rule of the database."""
        with self.hand.begin() as connection:
            connection.execute(text("SET session_replication_role = replica"))  # foreign keys look away
            assert connection.execute(text(statement), values).rowcount > 0

    def verify(self, anchors: Path | None = None, later: timedelta = timedelta(0)) -> Verified:
        """The auditor's look, as the role that reads only the trail."""
        return actions.verify(database_url=self.url("audit"), wall_now=wall_now() + later, anchors=anchors)

    def rows(self, statement: str) -> list[Any]:
        """What is really there."""
        with self.hand.connect() as connection:
            return list(connection.execute(text(statement)))


def superuser(name: str) -> Engine:
    """The database's own superuser."""
    return create_engine(make_url(os.environ[SERVER]).set(drivername="postgresql+psycopg", database=name))


@pytest.fixture(scope="session")
def trail_database() -> str:
    """A copy of the migrated template for this worker's trails."""
    name = f"{os.environ[RUN]}_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}_trail"
    new_database(name)
    return name


@pytest.fixture
def trail(trail_database: str, settings: Settings) -> Iterator[Trail]:
    """An empty trail, and the process bound to it as the app role."""
    hand = superuser(trail_database)
    tables = "audit_links, audit_entries, audit_checkpoints, legal_holds, users, patients, alerts"
    with hand.begin() as connection:
        connection.execute(text(f"TRUNCATE {tables} RESTART IDENTITY CASCADE"))
    crypto.configure(settings)
    engine = db.connect(role_url("app", trail_database), pool_size=8)
    db.bind(sessionmaker(engine, expire_on_commit=False))
    yield Trail(trail_database, hand)
    db.bind(None)
    engine.dispose()
    hand.dispose()


LONG_AGO = datetime(2015, 3, 1, 12, 0, tzinfo=UTC)
