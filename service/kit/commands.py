"""Changes that every message from outside makes: written with SQLAlchemy, compiled once, sent as text from then on.

Putting a statement together anew costs several times what the database needs for it. What is sent is the same.
"""

from __future__ import annotations

from functools import cached_property
from typing import Any

from sqlalchemy import CursorResult, Executable, bindparam
from sqlalchemy.dialects.postgresql import psycopg
from sqlalchemy.orm import InstrumentedAttribute, Session


class Command:
    """A statement with named `bindparam`s, for a session in its transaction. Errors are those of the session.

    For plain columns (ids, texts, numbers, moments, bytes), which the driver takes as SQLAlchemy would.
    """

    def __init__(self, statement: Executable) -> None:
        self._statement = statement

    @cached_property
    def _compiled(self) -> tuple[str, dict[str, Any]]:
        compiled: Any = self._statement.compile(dialect=psycopg.dialect())  # type: ignore[no-untyped-call,attr-defined]
        fixed = {name: value for name, value in compiled.params.items() if value is not None}
        return str(compiled), fixed

    def run(self, session: Session, **values: Any) -> CursorResult[Any]:
        """Send it, after what the session has not written yet. Every parameter has to be given."""
        session.flush()
        text, fixed = self._compiled
        return session.connection().exec_driver_sql(text, {**fixed, **values})


def params(*columns: InstrumentedAttribute[Any]) -> dict[str, Any]:
    """A parameter of the same name for each of these columns, for an insert's values."""
    return {column.key: bindparam(column.key, type_=column.type) for column in columns}
