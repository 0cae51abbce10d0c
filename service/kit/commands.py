"""Changes that every message from outside makes: written with SQLAlchemy, compiled once, then sent by the driver.

Putting a statement together anew costs several times what the database needs for it. What is sent is the same.
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any

import psycopg
from sqlalchemy import Executable, bindparam
from sqlalchemy.dialects.postgresql.psycopg import dialect
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import InstrumentedAttribute, Session

from service.kit import db

_DIALECT = dialect()  # type: ignore[no-untyped-call]


class Command:
    """A statement with named `bindparam`s, for a session in its transaction. Its errors are those of the session.

    For plain columns (ids, texts, numbers, moments, bytes), which the driver takes and gives as SQLAlchemy would.
    """

    def __init__(self, statement: Executable) -> None:
        self._statement = statement

    @cached_property
    def _compiled(self) -> tuple[str, dict[str, Any], Callable[[Sequence[Any]], Any]]:
        compiled: Any = self._statement.compile(dialect=_DIALECT)  # type: ignore[attr-defined]
        fixed = {name: value for name, value in compiled.params.items() if value is not None}
        columns = getattr(self._statement, "exported_columns", ())
        row: Any = namedtuple("Row", [str(column.key) for column in columns], rename=True)  # type: ignore[misc]
        return str(compiled), fixed, row._make

    def run(self, session: Session, **values: Any) -> Any:
        """Send it, after what the session has not written yet. The first row, its columns by name, or None.

        Every parameter has to be given.
        """
        session.flush()
        return self._send(session.connection().connection.driver_connection, values)

    def run_alone(self, **values: Any) -> Any:
        """Send it as a transaction of its own. As `run` otherwise."""
        with db.single() as driver:
            if driver is not None:
                return self._send(driver, values)
        with db.transaction() as session:
            return self.run(session, **values)

    def _send(self, driver: Any, values: dict[str, Any]) -> Any:
        text, fixed, row = self._compiled
        try:
            cursor = driver.execute(text, {**fixed, **values})
            found = cursor.fetchone() if cursor.description else None
        except psycopg.Error as error:
            raise DBAPIError.instance(
                text, None, error, psycopg.Error, hide_parameters=True, dialect=_DIALECT
            ) from error
        return None if found is None else row(found)


def params(*columns: InstrumentedAttribute[Any]) -> dict[str, Any]:
    """A parameter of the same name for each of these columns, for an insert's values."""
    return {column.key: bindparam(column.key, type_=column.type) for column in columns}
