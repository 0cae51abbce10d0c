"""One Postgres for the whole run, one database for each xdist worker, one rolled-back transaction for each test."""

from __future__ import annotations

import base64
import os
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING

import pytest
from flask import Flask
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.engine import make_url
from sqlalchemy.orm import sessionmaker

from config.settings import Settings, read
from service import migrations
from service.kit import clock, crypto, db, queue, roles
from tests.client import Browser

if TYPE_CHECKING:
    from service.catalog.rules.whole import Catalog

SERVER = "HOMEWARD_TEST_POSTGRES"
RUN = "HOMEWARD_TEST_RUN"  # names this run's databases, so that two runs may share a server
PASSWORDS = roles.Passwords(owner="owner-test", app="app-test", audit="audit-test")
_stack = ExitStack()


def pytest_configure(config: pytest.Config) -> None:
    """The controller starts the server and migrates the template once; workers only copy it."""
    if hasattr(config, "workerinput"):
        return
    if SERVER not in os.environ:
        from service.sandbox.postgres import running_postgres

        server = _stack.enter_context(running_postgres())
        os.environ[SERVER] = server.superuser_dsn()
        _stack.callback(os.environ.pop, SERVER)
    os.environ[RUN] = f"homeward_{os.getpid()}"
    roles.prepare(os.environ[SERVER], PASSWORDS, database=migrated_template())
    migrations.migrate(role_url("owner", migrated_template()))


def pytest_unconfigure(config: pytest.Config) -> None:
    """End the server that this process started."""
    if not hasattr(config, "workerinput"):
        _stack.close()


def migrated_template() -> str:
    """The migrated database that every other is a copy of."""
    return f"{os.environ[RUN]}_template"


def role_url(role: str, database: str) -> str:
    """The address of `database` as one of our three roles ("owner", "app", "audit")."""
    names = {"owner": roles.OWNER, "app": roles.APP, "audit": roles.AUDIT}
    url = make_url(os.environ[SERVER]).set(username=names[role], password=getattr(PASSWORDS, role), database=database)
    return url.render_as_string(hide_password=False)


def new_database(name: str, *, template: str | None = None) -> None:
    """A fresh copy of the migrated template, or of another database that nobody has open."""
    template = template or migrated_template()
    admin = create_engine(
        make_url(os.environ[SERVER]).set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT"
    )
    with admin.connect() as connection:
        connection.execute(text(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'))
        connection.execute(text(f'CREATE DATABASE "{name}" TEMPLATE "{template}" OWNER {roles.OWNER}'))
        connection.execute(text(f'GRANT CONNECT ON DATABASE "{name}" TO {roles.APP}, {roles.AUDIT}'))
    admin.dispose()


@pytest.fixture(scope="session")
def database() -> str:
    """The name of this worker's own database."""
    name = f"{os.environ[RUN]}_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}"
    new_database(name)
    return name


def settings_for(database_url: str, **changes: str) -> Settings:
    """Test settings around a database."""
    key = base64.b64encode(bytes(range(32))).decode()
    environ = {
        "ENVIRONMENT": "test",
        "DATABASE_URL": database_url,
        "REDIS_URL": "redis://127.0.0.1:1/0",  # nobody there: tests that need Redis start one
        "SECRET_KEY": "a secret key for tests that is long enough",
        "SEAL_KEYS": f"test:{key}",
        "INDEX_KEY": key,
        "PUBLIC_URL": "https://localhost",
        "STRIPE_KEY": "sk_test_homeward",
        "STRIPE_URL": "http://127.0.0.1:1",
        "STRIPE_WEBHOOK_SECRETS": "whsec_test",
        "CHECKOUT_ORIGIN": "http://127.0.0.1:1",
        "VIDEO_URL": "https://video.example/{room}",
        "SMTP_HOST": "127.0.0.1",
        "SMTP_PORT": "1",
        "SMTP_SECURITY": "none",
        **changes,
    }
    return read({f"HOMEWARD_{name}": value for name, value in environ.items()})


@pytest.fixture(scope="session")
def settings(database: str) -> Settings:
    """The settings of this worker's tests."""
    return settings_for(role_url("app", database))


@pytest.fixture(scope="session")
def catalog(settings: Settings) -> Catalog:
    """The clinic's facts as shipped."""

    from service.catalog.queries import catalog

    return catalog(settings.config_dir)


@pytest.fixture(scope="session")
def engine(settings: Settings) -> Iterator[Engine]:
    """This worker's engine, as the app role: a missing grant fails a test."""
    engine = db.connect(settings.database_url.get_secret_value())
    yield engine
    engine.dispose()


@dataclass
class House:
    """Everything configured, inside a transaction that is rolled back. `now` is business time."""

    settings: Settings
    now: datetime = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)  # a Monday, 10 AM in Miami
    jobs: list[queue.Job] = field(default_factory=list)

    @cached_property
    def catalog(self) -> Catalog:
        """The clinic's facts as shipped."""
        from service.catalog.queries import catalog

        return catalog(self.settings.config_dir)

    def at(self, moment: datetime) -> None:
        """Move business time to `moment`."""
        self.now = moment


@pytest.fixture
def house(settings: Settings, engine: Engine) -> Iterator[House]:
    """The whole house, ready to act in. Actions commit as they do; afterwards nothing is left."""
    house = House(settings)
    crypto.configure(settings)
    queue.use(house.jobs.append)
    clock.use(lambda: house.now)
    with engine.connect() as connection:
        outer = connection.begin()
        db.bind(sessionmaker(connection, join_transaction_mode="create_savepoint", expire_on_commit=False))
        yield house
        db.bind(None)
        outer.rollback()
    queue.use(None)
    clock.use(clock.wall_now)


@pytest.fixture
def committed(settings: Settings, database: str, request: pytest.FixtureRequest) -> Iterator[House]:
    """A database of the test's own, where actions really commit and several connections see each other's work."""
    name = f"{database}_{request.module.__name__.rpartition('test_')[2]}"
    new_database(name)
    house = House(settings)
    crypto.configure(settings)
    queue.use(lambda job: None)
    clock.use(lambda: house.now)
    engine = db.connect(role_url("app", name), pool_size=8)
    reading = db.connect(role_url("app", name), pool_size=8, only_read=True)  # as in a process: no transaction there
    db.bind(sessionmaker(engine, expire_on_commit=False), sessionmaker(reading, expire_on_commit=False))
    yield house
    db.bind(None)
    queue.use(None)
    clock.use(clock.wall_now)
    engine.dispose()
    reading.dispose()


@pytest.fixture(scope="session")
def app(settings: Settings) -> Flask:
    """The application."""
    from service.app import create_app  # the pages of a room being built must not stop the tests of another

    app = create_app(settings, opened=True)
    app.test_client_class = Browser
    return app


@pytest.fixture
def client(app: Flask, house: House) -> Browser:
    """A browser without JavaScript, over https, that fills in CSRF tokens as a page's form would."""
    client = app.test_client()
    assert isinstance(client, Browser)
    return client
