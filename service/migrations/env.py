"""Alembic's entry: one connection, a transaction for each step, bounded waits."""

from __future__ import annotations

import time

from alembic import context
from sqlalchemy import text

from service.migrations import metadata

engine = context.config.attributes["engine"]

try:
    with engine.connect() as connection:
        connection.execute(text("SET statement_timeout = 0"))
        connection.execute(text("SET lock_timeout = '5s'"))  # a table is waited for only briefly
        connection.commit()
        # Two deploys at once take turns, however long the first one takes. Asked again and again instead of waiting in
        # one statement: an index that is built beside the writers waits for every statement that began before it.
        while not connection.execute(text("SELECT pg_try_advisory_lock(7205759403792)")).scalar_one():
            connection.commit()
            time.sleep(0.5)
        connection.commit()
        context.configure(
            connection=connection, target_metadata=metadata(), compare_type=True, transaction_per_migration=True
        )
        with context.begin_transaction():
            context.run_migrations()
        connection.execute(text("SELECT pg_advisory_unlock(7205759403792)"))
        connection.commit()
finally:
    engine.dispose()
