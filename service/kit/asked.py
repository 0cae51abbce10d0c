"""Questions that every page asks: written with SQLAlchemy, compiled once, put to Postgres through the driver itself.

The way around costs more than the answer: a page that asks three questions spends half as long on them like this.
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Iterable
from functools import cached_property
from typing import Any

import psycopg
from sqlalchemy import Select
from sqlalchemy.dialects.postgresql.psycopg import dialect
from sqlalchemy.orm import Session


class Asked:
    """A statement with named `bindparam`s, for sessions of `db.reading()`: it sees nothing that is not yet written.

    For plain columns (ids, texts, numbers, moments, bytes), which the driver reads as SQLAlchemy would.
    """

    def __init__(self, statement: Select[Any]) -> None:
        self._statement = statement

    @cached_property
    def _compiled(self) -> tuple[str, dict[str, Any], Callable[[Iterable[Any]], Any]]:
        compiled = self._statement.compile(dialect=dialect())  # type: ignore[no-untyped-call]
        fixed = {name: value for name, value in compiled.params.items() if value is not None}
        names = [str(column.key) for column in self._statement.selected_columns]
        row: Any = namedtuple("Row", names, rename=True)  # type: ignore[misc]
        return str(compiled), fixed, row._make

    def rows(self, session: Session, **values: Any) -> list[Any]:
        """Every row, its columns by name and in order. Raises what the session would raise."""
        sql, fixed, row = self._compiled
        connection = session.connection().connection.driver_connection
        assert connection is not None
        try:
            with connection.cursor() as cursor:
                return [row(found) for found in cursor.execute(sql, {**fixed, **values}).fetchall()]
        except psycopg.Error:
            # The ordinary way says what is wrong in the words the pages know, and lets go of a dead connection.
            return list(session.execute(self._statement, values))
