"""Going back a step must not lose what somebody signed, took back or said."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import sqlalchemy as sa
from alembic import op


def refuse_to_lose(tables: Iterable[str]) -> None:
    """Raises RuntimeError where one of the tables has a row: dropped, a consent taken back would count as given."""
    for table in tables:
        if op.get_bind().execute(sa.text(f"SELECT EXISTS (SELECT FROM {table})")).scalar_one():  # noqa: S608 (ours)
            raise RuntimeError(f"{table} holds evidence. Going back would destroy it: repair by a step forward.")


def refuse_to_lose_values(columns: Mapping[str, Iterable[str]]) -> None:
    """Raises RuntimeError where one of these columns, by table, has a value: no step has the keys to open it."""
    for table, names in columns.items():
        for name in names:
            kept = sa.text(f"SELECT EXISTS (SELECT FROM {table} WHERE {name} IS NOT NULL)")  # noqa: S608 (ours)
            if op.get_bind().execute(kept).scalar_one():
                raise RuntimeError(f"{table}.{name} holds what stands nowhere else: repair by a step forward.")
