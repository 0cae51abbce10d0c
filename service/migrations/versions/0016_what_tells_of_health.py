"""What tells of somebody's health gets a sealed place; and what nobody wishes any more in the old way goes.

A step has no keys. So the columns in the clear stay, new code leaves them empty, and `homeward keys rotate` seals what
stands in them from before. A release after that one drops them.

`wish` and what belonged to it moved to `billing_intents` with 0014. Code from before this step still names them: its
pages of memberships fail from here until its processes are replaced.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from service.migrations.evidence import refuse_to_lose_values

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

SEALED = {
    "assessments": ("rule_ids_sealed",),
    "assessment_turns": ("question_sealed", "rule_ids_sealed"),
    "appointments": ("accommodations_sealed",),
}
WISH = ("wish", "wish_id", "wished_at")


def upgrade() -> None:
    op.drop_constraint(op.f("ck_memberships_wish"), "memberships", type_="check")
    for column in WISH:
        op.drop_column("memberships", column)
    for table, columns in SEALED.items():
        for column in columns:
            op.add_column(table, sa.Column(column, sa.LargeBinary(), nullable=True))


def downgrade() -> None:
    refuse_to_lose_values(SEALED)
    for table, columns in SEALED.items():
        for column in columns:
            op.drop_column(table, column)
    op.add_column("memberships", sa.Column("wish", sa.Text()))
    op.add_column("memberships", sa.Column("wish_id", sa.Uuid()))
    op.add_column("memberships", sa.Column("wished_at", sa.DateTime(timezone=True)))
    op.create_check_constraint(
        op.f("ck_memberships_wish"), "memberships", "wish IN ('cancel', 'undo_cancel', 'resume')"
    )
