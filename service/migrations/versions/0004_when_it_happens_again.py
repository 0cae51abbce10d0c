"""One open alert and one standing hold for each source and code, instead of one for ever.

An answer that worries us again, after the first was looked after, calls again and holds again. Code from before this
step cannot raise alerts after it: stop the old processes first. (Nothing was deployed when it was written.)
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

KEY = ["source_kind", "source_id", "code"]


def upgrade() -> None:
    op.drop_constraint(op.f("uq_alerts_source_kind_source_id_code"), "alerts", type_="unique")
    op.drop_constraint(op.f("uq_safety_holds_source_kind_source_id_code"), "safety_holds", type_="unique")
    op.create_index("uq_alerts_open", "alerts", KEY, unique=True, postgresql_where=sa.text("acknowledged_at IS NULL"))
    op.create_index(
        "uq_safety_holds_standing", "safety_holds", KEY, unique=True, postgresql_where=sa.text("lifted_at IS NULL")
    )
    op.create_index("ix_alerts_source_id", "alerts", ["source_id"])
    op.create_index("ix_safety_holds_source_id", "safety_holds", ["source_id"])


def downgrade() -> None:
    op.drop_index("ix_safety_holds_source_id", table_name="safety_holds")
    op.drop_index("ix_alerts_source_id", table_name="alerts")
    op.drop_index("uq_safety_holds_standing", table_name="safety_holds")
    op.drop_index("uq_alerts_open", table_name="alerts")
    op.create_unique_constraint(op.f("uq_safety_holds_source_kind_source_id_code"), "safety_holds", KEY)
    op.create_unique_constraint(op.f("uq_alerts_source_kind_source_id_code"), "alerts", KEY)
