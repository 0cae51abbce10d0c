"""A question on a line answers as in a session, and a line that died is replaced without anybody noticing."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import uuid4

import pytest
from sqlalchemy import Engine, Uuid, bindparam, func, literal, null, select, text
from sqlalchemy.exc import DBAPIError

from config.settings import Settings
from service.kit import db
from service.kit.asked import Asked
from tests.conftest import House

SEEN = Asked(
    select(
        bindparam("id", type_=Uuid()).label("id"),
        literal(7).label("number"),
        literal(b"\x00seal").label("sealed"),
        null().label("nothing"),
        func.to_timestamp(1_700_000_000).label("at"),
        func.pg_backend_pid().label("pid"),
    )
)


@pytest.fixture
def reading(settings: Settings) -> Iterator[Engine]:
    """One connection for reads."""
    engine = db.connect(settings.database_url.get_secret_value(), pool_size=1, only_read=True)
    yield engine
    engine.dispose()


def test_a_line_answers_as_a_session_does(house: House, reading: Engine) -> None:
    key = uuid4()
    with db.Line(reading) as line, db.reading() as session:
        twice = [SEEN.rows(line, id=key)[0] for _ in range(2)]
        (usual,) = SEEN.rows(session, id=key)
    for found in twice:
        assert (found.id, found.number, bytes(found.sealed), found.nothing) == (key, 7, b"\x00seal", None)
        assert found[:5] == usual[:5]
        assert found.at.utcoffset() == usual.at.utcoffset()


def test_a_line_goes_back_and_is_borrowed_again(reading: Engine) -> None:
    found = []
    for _ in range(2):
        with db.Line(reading) as line:
            found.append(SEEN.rows(line, id=uuid4())[0].pid)
    assert found[0] == found[1]


def test_a_line_that_dies_in_use_is_given_to_nobody_again(house: House, reading: Engine, engine: Engine) -> None:
    with db.Line(reading) as line:
        before = SEEN.rows(line, id=uuid4())[0].pid
        with engine.connect() as other:
            other.execute(text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": before})
        assert SEEN.rows(line, id=uuid4())[0].number == 7  # asked the ordinary way
        assert SEEN.rows(line, id=uuid4())[0].pid != before


def test_what_postgres_refuses_is_said_in_the_usual_words(house: House, reading: Engine) -> None:
    wrong = Asked(select((literal(1) / literal(0)).label("never")))
    with db.Line(reading) as line, pytest.raises(DBAPIError):
        wrong.rows(line)
