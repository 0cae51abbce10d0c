"""A statement that is compiled once, prepared once on each connection, and sent to Postgres through libpq itself.

The driver's own way from a call to libpq costs more than Postgres needs for the statements that every page and every
message from outside send. What is sent is the same. For plain columns (ids, texts, numbers, moments, bytes), which the
driver takes and gives as SQLAlchemy would.
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import count
from typing import Any, Final
from weakref import WeakKeyDictionary

import psycopg
from psycopg.adapt import PyFormat, Transformer
from psycopg.errors import error_from_result
from psycopg.pq import ConnStatus, ExecStatus, Format, TransactionStatus
from sqlalchemy import Connection, Engine, Executable, event
from sqlalchemy.dialects.postgresql.psycopg import dialect

DIALECT: Final = dialect(paramstyle="numeric_dollar")  # type: ignore[no-untyped-call]
_statements, _names = count(1), count(1)
_GOOD = (ExecStatus.COMMAND_OK, ExecStatus.TUPLES_OK)
# Of each connection: by a statement's number and its values' types, the name it is prepared under.
_prepared: WeakKeyDictionary[psycopg.Connection[Any], dict[tuple[int, tuple[int, ...]], bytes]] = WeakKeyDictionary()


@dataclass(frozen=True, slots=True)
class _Form:
    """A statement as Postgres takes it: `names` says which value stands for $1, $2 and so on."""

    sql: bytes
    names: tuple[str, ...]
    fixed: dict[str, Any]
    formats: tuple[PyFormat, ...]
    row: Callable[[Sequence[Any]], Any]


class Prepared:
    """A statement with named `bindparam`s."""

    def __init__(self, statement: Executable) -> None:
        self._statement = statement
        self._number = next(_statements)

    @cached_property
    def form(self) -> _Form:
        """Compiled when it is first needed."""
        compiled: Any = self._statement.compile(dialect=DIALECT)  # type: ignore[attr-defined]
        names = tuple(compiled.positiontup or ())
        columns = [str(column.key) for column in getattr(self._statement, "exported_columns", ())]
        row: Any = namedtuple("Row", columns, rename=True)  # type: ignore[misc]
        fixed = {name: value for name, value in compiled.params.items() if value is not None}
        return _Form(str(compiled).encode(), names, fixed, (PyFormat.AUTO,) * len(names), row._make)

    def values(self, given: dict[str, Any]) -> list[Any]:
        """The values in order. Raises KeyError where one is missing."""
        form = self.form
        known = {**form.fixed, **given}
        return [known[name] for name in form.names]

    def send(self, connection: Any, given: dict[str, Any]) -> list[Any]:
        """Every row, its columns by name and in order, on a connection of the driver's, of an engine that is `watch`ed
        or that commits each statement by itself.

        A transaction begins where the driver would have begun one. Raises psycopg.Error.
        """
        line, form = connection.pgconn, self.form
        if not connection.autocommit and line.transaction_status == TransactionStatus.IDLE:
            _must(line, line.exec_(b"BEGIN"))
        reading = Transformer(connection)
        sent: Any = reading.dump_sequence(self.values(given), form.formats)
        known = _prepared.get(connection)
        if known is None:
            known = _prepared[connection] = {}
        # As the driver does: 1 and 100,000 are of two types, and what is prepared for one does not take the other.
        key = (self._number, reading.types or ())
        if (name := known.get(key)) is None:
            name = f"prepared_{next(_names)}".encode()
            _must(line, line.prepare(name, form.sql, reading.types))
            known[key] = name
        answer = _must(line, line.exec_prepared(name, sent, reading.formats, Format.BINARY))
        reading.set_pgresult(answer)
        return reading.load_rows(0, answer.ntuples, form.row) if answer.ntuples else []


def watch(engine: Engine) -> None:
    """Forget what a rolled-back connection had prepared: the driver throws it away then, whoever prepared it."""

    def rolled_back(connection: Connection, *_: Any) -> None:
        if connection.invalidated:  # it died, and nobody uses it again
            return
        driver: Any = connection.connection.driver_connection
        _prepared.pop(driver, None)

    def given_back(driver: Any, *_: Any) -> None:
        if driver is not None and driver.pgconn.transaction_status != TransactionStatus.IDLE:
            _prepared.pop(driver, None)

    event.listen(engine, "rollback", rolled_back)
    event.listen(engine, "rollback_savepoint", rolled_back)
    event.listen(engine, "reset", given_back)


def _must(line: Any, answer: Any) -> Any:
    if answer.status in _GOOD:
        return answer
    if line.status == ConnStatus.BAD:
        raise psycopg.OperationalError("the connection is lost")
    raise error_from_result(answer)
