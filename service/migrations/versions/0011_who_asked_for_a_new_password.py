"""Requests for letters, which a worker looks at, so that the page answers alike for every address."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from service.kit.roles import APP

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


REQUESTS = ["reset_requests", "confirmation_requests"]


def upgrade() -> None:
    for table in REQUESTS:
        op.create_table(
            table,
            sa.Column("id", sa.Uuid(), nullable=False),
            sa.Column("email_index", sa.LargeBinary(), nullable=False),
            sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
            sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
        )
        op.create_index(f"ix_{table}_asked_at", table, ["asked_at"], unique=False)
        op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO {APP}")
    op.add_column("waitlist_entries", sa.Column("wanted_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("waitlist_entries", sa.Column("locale", sa.Text(), nullable=False, server_default="en"))
    op.create_index(
        "ix_waitlist_entries_wanted",
        "waitlist_entries",
        ["wanted_at"],
        unique=False,
        postgresql_where=sa.text("wanted_at IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_index(
        "ix_waitlist_entries_wanted",
        table_name="waitlist_entries",
        postgresql_where=sa.text("wanted_at IS NOT NULL"),
    )
    op.drop_column("waitlist_entries", "locale")
    op.drop_column("waitlist_entries", "wanted_at")
    for table in reversed(REQUESTS):
        op.drop_table(table)
