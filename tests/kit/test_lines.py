"""A kept connection that died is replaced without anybody noticing, and one for reads cannot write."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import InternalError

from config.settings import Settings
from service.kit import db, lines


@pytest.fixture
def reading(settings: Settings) -> Iterator[Engine]:
    """One connection for reads."""
    engine = db.connect(settings.database_url.get_secret_value(), pool_size=1, only_read=True)
    yield engine
    engine.dispose()


def process_of(engine: Engine) -> int:
    with engine.connect() as connection:
        return int(connection.execute(text("SELECT pg_backend_pid()")).scalar_one())


def test_a_connection_is_used_again(reading: Engine) -> None:
    assert process_of(reading) == process_of(reading)


def test_a_connection_that_the_server_ended_is_replaced(reading: Engine, engine: Engine) -> None:
    before = process_of(reading)
    with engine.connect() as other:
        other.execute(text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": before})
    assert process_of(reading) != before


def test_after_a_rest_a_connection_is_asked(reading: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []
    monkeypatch.setattr(lines, "_ask", asked.append)
    process_of(reading)
    process_of(reading)
    assert asked == []
    monkeypatch.setattr(lines, "RESTED_SECONDS", -1.0)
    process_of(reading)
    assert len(asked) == 1


def test_a_read_cannot_write(reading: Engine) -> None:
    with reading.connect() as connection, pytest.raises(InternalError, match="read-only"):
        connection.execute(text("INSERT INTO heartbeats (name, beat_at) VALUES ('x', now())"))
