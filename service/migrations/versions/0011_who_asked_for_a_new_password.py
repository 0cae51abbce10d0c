"""Requests for a new password, which a worker looks at, so that the page answers alike for every address."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from service.kit.roles import APP

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "reset_requests",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("email_index", sa.LargeBinary(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reset_requests")),
    )
    op.create_index("ix_reset_requests_asked_at", "reset_requests", ["asked_at"], unique=False)
    op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON reset_requests TO {APP}")


def downgrade() -> None:
    op.drop_table("reset_requests")
