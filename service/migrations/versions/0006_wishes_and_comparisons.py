"""What somebody wished of a membership, kept with its key until Stripe shows it; and when we last compared it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("memberships", sa.Column("wish", sa.Text()))
    op.add_column("memberships", sa.Column("wish_id", sa.Uuid()))
    op.add_column("memberships", sa.Column("wished_at", sa.DateTime(timezone=True)))
    op.add_column("memberships", sa.Column("compared_at", sa.DateTime(timezone=True)))
    op.create_check_constraint(
        op.f("ck_memberships_wish"), "memberships", "wish IN ('cancel', 'undo_cancel', 'resume')"
    )


def downgrade() -> None:
    op.drop_constraint(op.f("ck_memberships_wish"), "memberships", type_="check")
    for column in ("compared_at", "wished_at", "wish_id", "wish"):
        op.drop_column("memberships", column)
