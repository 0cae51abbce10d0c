"""Questions that every page asks: written with SQLAlchemy, compiled once, put to Postgres through the driver itself.

The way around costs more than the answer: a page that asks three questions spends a third as long on them like this.
"""

from __future__ import annotations

from typing import Any

import psycopg
from sqlalchemy import Select
from sqlalchemy.orm import Session

from service.kit import db
from service.kit.prepared import Prepared


class Asked:
    """A statement with named `bindparam`s, for `db.asking()` and `db.reading()`: it sees nothing not yet written.

    For plain columns (ids, texts, numbers, moments, bytes), which the driver reads as SQLAlchemy would.
    """

    def __init__(self, statement: Select[*tuple[Any, ...]]) -> None:
        self._statement = statement
        self._prepared = Prepared(statement)

    @property
    def sql(self) -> str:
        """The statement as Postgres gets it."""
        return self._prepared.form.sql.decode()

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
        connection: Any = session.connection().connection.driver_connection
        form = self._prepared.form
        try:
            with psycopg.RawCursor(connection) as cursor:
                cursor.execute(form.sql, self._prepared.values(values))
                return [form.row(found) for found in cursor.fetchall()]
        except psycopg.Error:
            return list(session.execute(self._statement, values))

    def put(self, connection: Any, values: dict[str, Any]) -> list[Any]:
        """Ask on `connection`, a line's, which knows the question after the first time. Raises psycopg.Error."""
        return self._prepared.send(connection, values)
