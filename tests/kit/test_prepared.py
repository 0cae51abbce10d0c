"""A statement is prepared once a connection, and a rollback, at which the driver throws it away, is survived."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import BigInteger, Engine, Text, bindparam, cast, func, literal, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from config.settings import Settings
from service.kit import db
from service.kit.commands import Command
from tests.conftest import House

ECHO = Command(
    select(
        cast(bindparam("number"), BigInteger).label("number"),
        cast(bindparam("words"), Text).label("words"),
        func.pg_backend_pid().label("pid"),
    )
)
PLAIN = text("SELECT 1")


@pytest.fixture
def line(house: House, settings: Settings) -> Iterator[Engine]:
    """An engine of one connection, so that a second use meets what the first left behind."""
    engine = db.connect(settings.database_url.get_secret_value(), pool_size=1)
    yield engine
    engine.dispose()


def names(session: Session) -> int:
    found = session.execute(text("SELECT count(*) FROM pg_prepared_statements WHERE name LIKE 'prepared\\_%'"))
    return int(found.scalar_one())


def test_numbers_of_every_size_and_nothing_at_all_go_through_one_statement(line: Engine) -> None:
    with Session(line) as session:
        for number, words in [(1, "a"), (40_000, None), (3_000_000_000, "ü"), (None, None), (-1, "")]:
            found = ECHO.run(session, number=number, words=words)
            assert (found.number, found.words) == (number, words)


def test_it_is_prepared_once_for_all_transactions_of_a_connection(line: Engine) -> None:
    pids = set()
    for _ in range(4):
        with Session(line) as session, session.begin():
            pids.add(ECHO.run(session, number=1, words="a").pid)
            assert names(session) == 1
    assert len(pids) == 1


@pytest.mark.parametrize("how", ["session", "savepoint", "forgotten"])
def test_after_a_rollback_it_is_prepared_again(line: Engine, how: str) -> None:
    with Session(line) as session:
        for _ in range(8):  # as often as it takes for the driver to prepare something itself, and to throw all away
            session.execute(PLAIN)
        ECHO.run(session, number=1, words="a")
        if how == "savepoint":
            with session.begin_nested() as inner:
                ECHO.run(session, number=1, words="a")
                inner.rollback()
            assert ECHO.run(session, number=2, words="b").number == 2
        if how == "session":
            session.rollback()
            assert ECHO.run(session, number=2, words="b").number == 2
    with Session(line) as session:  # given back in the middle of a transaction
        assert ECHO.run(session, number=3, words="c").number == 3


def test_what_it_wrote_goes_with_the_transaction(line: Engine) -> None:
    keep = Command(
        select(func.set_config("homeward.kept", bindparam("words", type_=Text), literal(True)).label("kept"))
    )
    with Session(line) as session:
        assert keep.run(session, words="here").kept == "here"
        session.rollback()
        assert session.scalar(text("SELECT current_setting('homeward.kept', true)")) in (None, "")


def test_what_postgres_refuses_is_said_as_a_session_says_it(line: Engine) -> None:
    with Session(line) as session, pytest.raises(DBAPIError, match="division by zero"):
        Command(select((literal(1) / cast(bindparam("by"), BigInteger)).label("never"))).run(session, by=0)
    with Session(line) as session:
        assert ECHO.run(session, number=1, words="a").number == 1


def test_a_value_that_is_missing_is_said_before_anything_is_sent(line: Engine) -> None:
    with Session(line) as session, pytest.raises(KeyError):
        ECHO.run(session, number=1)
