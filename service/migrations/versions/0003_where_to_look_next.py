"""When to look at a membership for its next check-in, and at an open check-in for its next nudge.

Both are moments with an index, so that asking what is due is one probe however many patients there are. Memberships
without a turn are found by looking over the memberships, once in a tick of the check-ins.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from service.kit.roles import APP

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "checkin_turns",
        sa.Column("membership_id", sa.Uuid(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("look_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["membership_id"], ["memberships.id"], name=op.f("fk_checkin_turns_membership_id_memberships")
        ),
        sa.PrimaryKeyConstraint("membership_id", name=op.f("pk_checkin_turns")),
    )
    op.create_index(op.f("ix_checkin_turns_look_at"), "checkin_turns", ["look_at"])
    op.add_column("checkins", sa.Column("remind_at", sa.DateTime(timezone=True), nullable=True))
    op.execute("UPDATE checkins SET remind_at = due_at WHERE status = 'open'")
    op.create_index(
        "ix_checkins_remind_at",
        "checkins",
        ["remind_at"],
        postgresql_where=sa.text("status = 'open' AND remind_at IS NOT NULL"),
    )
    op.execute(f"GRANT SELECT, INSERT, UPDATE ON checkin_turns TO {APP}")


def downgrade() -> None:
    op.drop_index("ix_checkins_remind_at", table_name="checkins")
    op.drop_column("checkins", "remind_at")
    op.drop_index(op.f("ix_checkin_turns_look_at"), table_name="checkin_turns")
    op.drop_table("checkin_turns")
