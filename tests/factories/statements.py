"""How often the database is asked."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from sqlalchemy import Engine

from service.kit.asked import Asked

DATA = ("SELECT", "WITH", "INSERT", "UPDATE", "DELETE")


@contextmanager
def counted(engine: Engine) -> Iterator[list[str]]:
    """Every statement in which data goes in or out, while the block runs, by whatever way it reaches the driver."""
    seen: list[str] = []
    plain, many, asked = psycopg.Cursor.execute, psycopg.Cursor.executemany, Asked.put

    def note(statement: object) -> None:
        if str(statement).lstrip().upper().startswith(DATA):
            seen.append(str(statement))

    def execute(self: Any, query: Any, *arguments: Any, **options: Any) -> Any:
        note(query)
        return plain(self, query, *arguments, **options)

    def executemany(self: Any, query: Any, *arguments: Any, **options: Any) -> Any:
        note(query)
        return many(self, query, *arguments, **options)

    def put(self: Asked, *arguments: Any, **options: Any) -> Any:
        note(self.sql)
        return asked(self, *arguments, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Asked, "put", put)
        patch.setattr(psycopg.Cursor, "execute", execute)
        patch.setattr(psycopg.Cursor, "executemany", executemany)
        yield seen
