"""Going back a step must not lose what somebody signed, took back or said."""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa
from alembic import op


def refuse_to_lose(tables: Iterable[str]) -> None:
    """Raises RuntimeError where one of the tables has a row: dropped, a consent taken back would count as given."""
    for table in tables:
        if op.get_bind().execute(sa.text(f"SELECT EXISTS (SELECT FROM {table})")).scalar_one():  # noqa: S608 (ours)
            raise RuntimeError(f"{table} holds evidence. Going back would destroy it: repair by a step forward.")
