"""A chain over the audit trail, sealed in order by one sealer; and alerts about the system itself."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from service.kit.roles import APP, AUDIT

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "audit_checkpoints",
        sa.Column("position", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("removed", sa.BigInteger(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("signature", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("position", name=op.f("pk_audit_checkpoints")),
    )
    op.create_table(
        "audit_links",
        sa.Column("position", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("entry_id", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("sealed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("octet_length(hash) = 32", name=op.f("ck_audit_links_sha256")),
        sa.ForeignKeyConstraint(["entry_id"], ["audit_entries.id"], name=op.f("fk_audit_links_entry_id_audit_entries")),
        sa.PrimaryKeyConstraint("position", name=op.f("pk_audit_links")),
        sa.UniqueConstraint("entry_id", name=op.f("uq_audit_links_entry_id")),
    )
    op.create_index("ix_audit_entries_at_id", "audit_entries", ["at", "id"], unique=False)
    op.create_index("ix_audit_entries_patient_id_at_id", "audit_entries", ["patient_id", "at", "id"], unique=False)
    op.drop_index(op.f("ix_audit_entries_patient_id"), table_name="audit_entries")
    op.execute(f"GRANT SELECT, INSERT ON audit_links TO {APP}")
    op.execute(f"GRANT SELECT ON audit_checkpoints TO {APP}")
    op.execute(f"GRANT SELECT ON audit_links, audit_checkpoints TO {AUDIT}")
    op.drop_constraint(op.f("ck_alerts_has_subject"), "alerts", type_="check")
    op.create_check_constraint(
        op.f("ck_alerts_has_subject"), "alerts", "patient_id IS NOT NULL OR source_kind IN ('assessment', 'system')"
    )


def downgrade() -> None:
    op.drop_constraint(op.f("ck_alerts_has_subject"), "alerts", type_="check")
    op.create_check_constraint(
        op.f("ck_alerts_has_subject"), "alerts", "patient_id IS NOT NULL OR source_kind = 'assessment'"
    )
    op.create_index(op.f("ix_audit_entries_patient_id"), "audit_entries", ["patient_id"], unique=False)
    op.drop_index("ix_audit_entries_patient_id_at_id", table_name="audit_entries")
    op.drop_index("ix_audit_entries_at_id", table_name="audit_entries")
    op.drop_table("audit_links")
    op.drop_table("audit_checkpoints")
