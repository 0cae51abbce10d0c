"""Changes that every message from outside makes: written with SQLAlchemy, compiled once, prepared once a connection.

Putting a statement together anew costs several times what the database needs for it. What is sent is the same.
"""

from __future__ import annotations

from typing import Any

import psycopg
from sqlalchemy import Executable, bindparam
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import InstrumentedAttribute, Session

from service.kit import db
from service.kit.prepared import DIALECT, Prepared


class Command:
    """A statement with named `bindparam`s, for a session in its transaction. Its errors are those of the session.

    For plain columns (ids, texts, numbers, moments, bytes), which the driver takes and gives as SQLAlchemy would.
    """

    def __init__(self, statement: Executable) -> None:
        self._prepared = Prepared(statement)

    def run(self, session: Session, **values: Any) -> Any:
        """Send it, after what the session has not written yet. The first row, its columns by name, or None.

        Every parameter has to be given.
        """
        found = self.rows(session, **values)
        return found[0] if found else None

    def rows(self, session: Session, **values: Any) -> list[Any]:
        """As `run`, and every row."""
        session.flush()
        return self._send(session.connection().connection.driver_connection, values)

    def run_alone(self, **values: Any) -> Any:
        """Send it as a transaction of its own. As `run` otherwise."""
        with db.single() as driver:
            if driver is not None:
                found = self._send(driver, values)
                return found[0] if found else None
        with db.transaction() as session:
            return self.run(session, **values)

    def _send(self, driver: Any, values: dict[str, Any]) -> list[Any]:
        try:
            return self._prepared.send(driver, values)
        except psycopg.Error as error:
            text = self._prepared.form.sql.decode()
            raise DBAPIError.instance(
                text, None, error, psycopg.Error, hide_parameters=True, dialect=DIALECT
            ) from error


def params(*columns: InstrumentedAttribute[Any]) -> dict[str, Any]:
    """A parameter of the same name for each of these columns, for an insert's values."""
    return {column.key: bindparam(column.key, type_=column.type) for column in columns}
