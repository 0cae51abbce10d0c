"""A database of its own, really written to: dumps and other processes see what was committed."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from sqlalchemy import text
from sqlalchemy.orm import sessionmaker

from config.settings import Settings
from service.kit import clock, crypto, db, queue
from tests.conftest import RUN, House, new_database, role_url, settings_for
from tests.keeping.filled import fill


@pytest.fixture
def own_database() -> Iterator[str]:
    """The name of a fresh database, gone afterwards."""
    name = f"{os.environ[RUN]}_keeping_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}"
    new_database(name)
    yield name
    drop(name)


def drop(name: str) -> None:
    """Remove a database, whoever is in it."""
    admin = db.connect(os.environ["HOMEWARD_TEST_POSTGRES"])
    with admin.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'))
    admin.dispose()


@pytest.fixture
def written(own_database: str) -> Iterator[House]:
    """A house whose actions commit for real, with a marked value in every sealed column."""
    settings: Settings = settings_for(role_url("app", own_database))
    house = House(settings)
    crypto.configure(settings)
    queue.use(house.jobs.append)
    clock.use(lambda: house.now)
    engine = db.connect(settings.database_url.get_secret_value())
    db.bind(sessionmaker(engine, expire_on_commit=False))
    try:
        fill(house)
        yield house
    finally:
        db.bind(None)
        engine.dispose()
        queue.use(None)
        clock.use(clock.wall_now)


@pytest.fixture
def environ(written: House, own_database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What `homeward` needs in its environment for chores."""
    monkeypatch.setenv("HOMEWARD_OWNER_DATABASE_URL", role_url("owner", own_database))
    monkeypatch.setenv("HOMEWARD_SEAL_KEYS", written.settings.seal_keys.get_secret_value())
    monkeypatch.setenv("HOMEWARD_INDEX_KEY", written.settings.index_key.get_secret_value())
