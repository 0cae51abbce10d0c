"""Questions that every page asks: written with SQLAlchemy, compiled once, put to Postgres through the driver itself.

The way around costs more than the answer: a page that asks three questions spends a third as long on them like this.
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import count
from typing import Any
from weakref import WeakKeyDictionary

import psycopg
from psycopg.adapt import PyFormat, Transformer
from psycopg.pq import ExecStatus, Format
from sqlalchemy import Select
from sqlalchemy.dialects.postgresql.psycopg import dialect
from sqlalchemy.orm import Session

from service.kit import db

_numbers = count(1)
_prepared: WeakKeyDictionary[psycopg.Connection[Any], set[bytes]] = WeakKeyDictionary()


@dataclass(frozen=True, slots=True)
class _Question:
    """A statement as the driver takes it: `names` says which value stands for $1, $2 and so on."""

    sql: bytes
    names: tuple[str, ...]
    fixed: dict[str, Any]
    formats: tuple[PyFormat, ...]
    row: Callable[[Sequence[Any]], Any]


class Asked:
    """A statement with named `bindparam`s, for `db.asking()` and `db.reading()`: it sees nothing not yet written.

    For plain columns (ids, texts, numbers, moments, bytes), which the driver reads as SQLAlchemy would.
    """

    def __init__(self, statement: Select[Any]) -> None:
        self._statement = statement
        self._name = f"asked_{next(_numbers)}".encode()

    @cached_property
    def _question(self) -> _Question:
        compiled = self._statement.compile(dialect=dialect(paramstyle="numeric_dollar"))  # type: ignore[no-untyped-call]
        names = tuple(compiled.positiontup or ())
        columns = [str(column.key) for column in self._statement.selected_columns]
        row: Any = namedtuple("Row", columns, rename=True)  # type: ignore[misc]
        fixed = {name: value for name, value in compiled.params.items() if value is not None}
        return _Question(str(compiled).encode(), names, fixed, (PyFormat.AUTO,) * len(names), row._make)

    @property
    def sql(self) -> str:
        """The statement as Postgres gets it."""
        return self._question.sql.decode()

    def rows(self, session: Session | db.Line, **values: Any) -> list[Any]:
        """Every row, its columns by name and in order. Raises what a session would raise."""
        if isinstance(session, Session):
            return self._beside(session, values)
        try:
            return self.put(session.connection.driver_connection, values)
        except psycopg.Error:
            session.drop()  # the ordinary way says what is wrong in the words the pages know
            with db.reading() as plain:
                return list(plain.execute(self._statement, values))

    def _beside(self, session: Session, values: dict[str, Any]) -> list[Any]:
        """Ask within a session, which may stand in a transaction: what the driver prepared it knows to be there."""
        question, known = self._question, {**self._question.fixed, **values}
        connection: Any = session.connection().connection.driver_connection
        try:
            with psycopg.RawCursor(connection) as cursor:
                cursor.execute(question.sql, [known[name] for name in question.names])
                return [question.row(found) for found in cursor.fetchall()]
        except psycopg.Error:
            return list(session.execute(self._statement, values))

    def put(self, connection: Any, values: dict[str, Any]) -> list[Any]:
        """Ask on `connection`, a line's, which knows the question after the first time. Raises psycopg.Error."""
        question, reading = self._question, Transformer(connection)
        known = {**question.fixed, **values}
        sent: Any = reading.dump_sequence([known[name] for name in question.names], question.formats)
        names = _prepared.get(connection)
        if names is None:
            names = _prepared[connection] = set()
        if self._name not in names:
            _must(connection.pgconn.prepare(self._name, question.sql, reading.types), ExecStatus.COMMAND_OK)
            names.add(self._name)
        answer = connection.pgconn.exec_prepared(self._name, sent, reading.formats, Format.BINARY)
        reading.set_pgresult(_must(answer, ExecStatus.TUPLES_OK))
        return reading.load_rows(0, answer.ntuples, question.row)


def _must(answer: Any, status: ExecStatus) -> Any:
    if answer.status != status:
        raise psycopg.DatabaseError("Postgres refused a question")
    return answer
