"""Alembic's entry: one connection, one transaction, bounded waits."""

from __future__ import annotations

from alembic import context
from sqlalchemy import text

from service.migrations import metadata

engine = context.config.attributes["engine"]

with engine.connect() as connection:
    # Two deploys at once take turns, however long the first one takes; a table is waited for only briefly.
    connection.execute(text("SET statement_timeout = 0"))
    connection.execute(text("SET lock_timeout = 0"))
    connection.execute(text("SELECT pg_advisory_lock(7205759403792)"))
    connection.execute(text("SET lock_timeout = '5s'"))
    connection.commit()
    context.configure(connection=connection, target_metadata=metadata(), compare_type=True)
    with context.begin_transaction():
        context.run_migrations()
    connection.execute(text("SELECT pg_advisory_unlock(7205759403792)"))
    connection.commit()
engine.dispose()
