"""A chain over the audit trail, sealed in order by one sealer; and alerts about the system itself."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from service.kit.roles import APP, AUDIT

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


INDEXES = {"ix_audit_entries_at_id": ["at", "id"], "ix_audit_entries_patient_id_at_id": ["patient_id", "at", "id"]}


def upgrade() -> None:
    # Every request writes here, and the table only grows: built beside the writers, and first, because a transaction
    # cannot hold this. Whatever an attempt that broke off has left is unfit and goes.
    with op.get_context().autocommit_block():
        for name, columns in INDEXES.items():
            op.drop_index(name, table_name="audit_entries", if_exists=True, postgresql_concurrently=True)
            op.create_index(name, "audit_entries", columns, unique=False, postgresql_concurrently=True)
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
    op.drop_index(op.f("ix_audit_entries_patient_id"), table_name="audit_entries")
    op.execute(f"GRANT SELECT, INSERT ON audit_links TO {APP}")
    op.execute(f"GRANT SELECT ON audit_checkpoints TO {APP}")
    op.execute(f"GRANT SELECT ON audit_links, audit_checkpoints TO {AUDIT}")
    op.drop_constraint(op.f("ck_alerts_has_subject"), "alerts", type_="check")
    op.create_check_constraint(
        op.f("ck_alerts_has_subject"), "alerts", "patient_id IS NOT NULL OR source_kind IN ('assessment', 'system')"
    )


def downgrade() -> None:
    # Alerts about the service itself, and about nobody's health: there was no place for them before.
    op.execute("DELETE FROM alerts WHERE patient_id IS NULL AND source_kind = 'system'")
    op.drop_constraint(op.f("ck_alerts_has_subject"), "alerts", type_="check")
    op.create_check_constraint(
        op.f("ck_alerts_has_subject"), "alerts", "patient_id IS NOT NULL OR source_kind = 'assessment'"
    )
    op.create_index(op.f("ix_audit_entries_patient_id"), "audit_entries", ["patient_id"], unique=False)
    op.drop_index("ix_audit_entries_patient_id_at_id", table_name="audit_entries")
    op.drop_index("ix_audit_entries_at_id", table_name="audit_entries")
    op.drop_table("audit_links")
    op.drop_table("audit_checkpoints")
