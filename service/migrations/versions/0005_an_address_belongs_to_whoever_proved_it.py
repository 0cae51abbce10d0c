"""An address belongs to the account that proved it; until then any number of people may have typed it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "uq_users_confirmed_email_index",
        "users",
        ["email_index"],
        unique=True,
        postgresql_where=sa.text("email_confirmed_at IS NOT NULL"),
    )
    op.create_index(op.f("ix_users_email_index"), "users", ["email_index"])
    op.drop_constraint(op.f("uq_users_email_index"), "users", type_="unique")


def downgrade() -> None:
    op.create_unique_constraint(op.f("uq_users_email_index"), "users", ["email_index"])
    op.drop_index(op.f("ix_users_email_index"), table_name="users")
    op.drop_index("uq_users_confirmed_email_index", table_name="users")
