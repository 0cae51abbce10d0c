"""Copies for patients, legal holds, and what the retention job did."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from service.kit.roles import APP

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

WORKING = ["data_exports", "legal_holds"]
PATIENTS = ["contacts_removed_at", "last_seen_at", "removal_told_at"]

# What the service removes by itself: what has run out, and what opens a closed account.
EPHEMERAL = [
    "invitations",
    "kept_forms",
    "known_devices",
    "one_time_codes",
    "one_time_links",
    "passkeys",
    "recovery_codes",
    "sign_in_back_offs",
    "sign_ins",
    "stripe_events",
    "waitlist_entries",
]
# Of these only what belongs to no patient: the trigger below refuses the rest, whatever a mistake in the code asks.
VISITORS = ["alerts", "assessments", "safety_holds"]
REFUSE = f"""
CREATE FUNCTION refuse_removal_of_records() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.patient_id IS NOT NULL AND current_user = '{APP}' THEN
        RAISE insufficient_privilege USING MESSAGE = 'permission denied: the service removes no record';
    END IF;
    RETURN OLD;
END $$
"""


def upgrade() -> None:
    op.create_table(
        "retention_runs",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("ran_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("counts", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_retention_runs")),
    )
    op.create_table(
        "data_exports",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("claimed_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ready_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("json_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("pdf_sealed", sa.LargeBinary(), nullable=True),
        sa.CheckConstraint(
            "(status = 'ready') = (json_sealed IS NOT NULL AND pdf_sealed IS NOT NULL)",
            name=op.f("ck_data_exports_files_when_ready"),
        ),
        sa.CheckConstraint("status IN ('asked', 'ready', 'failed', 'expired')", name=op.f("ck_data_exports_status")),
        sa.ForeignKeyConstraint(["patient_id"], ["patients.id"], name=op.f("fk_data_exports_patient_id_patients")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_data_exports")),
    )
    op.create_index("ix_data_exports_patient_id", "data_exports", ["patient_id"], unique=False)
    op.create_index(
        "uq_data_exports_asked",
        "data_exports",
        ["patient_id"],
        unique=True,
        postgresql_where=sa.text("status = 'asked'"),
    )
    op.create_table(
        "legal_holds",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("reason_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("placed_by", sa.Uuid(), nullable=False),
        sa.Column("placed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lifted_by", sa.Uuid(), nullable=True),
        sa.Column("lifted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lift_reason_sealed", sa.LargeBinary(), nullable=True),
        sa.CheckConstraint("(lifted_at IS NULL) = (lifted_by IS NULL)", name=op.f("ck_legal_holds_lifted_by_someone")),
        sa.ForeignKeyConstraint(["lifted_by"], ["users.id"], name=op.f("fk_legal_holds_lifted_by_users")),
        sa.ForeignKeyConstraint(["patient_id"], ["patients.id"], name=op.f("fk_legal_holds_patient_id_patients")),
        sa.ForeignKeyConstraint(["placed_by"], ["users.id"], name=op.f("fk_legal_holds_placed_by_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_legal_holds")),
    )
    op.create_index(
        "uq_legal_holds_standing",
        "legal_holds",
        ["patient_id"],
        unique=True,
        postgresql_where=sa.text("lifted_at IS NULL"),
    )
    for table in WORKING:
        op.execute(f"GRANT SELECT, INSERT, UPDATE ON {table} TO {APP}")
    op.execute(f"GRANT SELECT, INSERT ON retention_runs TO {APP}")
    op.add_column("outbox", sa.Column("emptied_at", sa.DateTime(timezone=True), nullable=True))
    for column in PATIENTS:
        op.add_column("patients", sa.Column(column, sa.DateTime(timezone=True), nullable=True))
    op.create_index(
        "ix_outbox_full", "outbox", ["ended_at"], unique=False, postgresql_where=sa.text("emptied_at IS NULL")
    )
    op.execute(REFUSE)
    for table in (*EPHEMERAL, *VISITORS):
        op.execute(f"GRANT DELETE ON {table} TO {APP}")
    for table in VISITORS:
        op.execute(
            f"CREATE TRIGGER refuse_removal_of_records BEFORE DELETE ON {table}"
            " FOR EACH ROW EXECUTE FUNCTION refuse_removal_of_records()"
        )


def downgrade() -> None:
    for table in VISITORS:
        op.execute(f"DROP TRIGGER refuse_removal_of_records ON {table}")
    for table in (*EPHEMERAL, *VISITORS):
        op.execute(f"REVOKE DELETE ON {table} FROM {APP}")
    op.execute("DROP FUNCTION refuse_removal_of_records()")
    op.drop_index("ix_outbox_full", table_name="outbox", postgresql_where=sa.text("emptied_at IS NULL"))
    for column in reversed(PATIENTS):
        op.drop_column("patients", column)
    op.drop_column("outbox", "emptied_at")
    op.drop_index("uq_legal_holds_standing", table_name="legal_holds", postgresql_where=sa.text("lifted_at IS NULL"))
    op.drop_table("legal_holds")
    op.drop_index("uq_data_exports_asked", table_name="data_exports", postgresql_where=sa.text("status = 'asked'"))
    op.drop_index("ix_data_exports_patient_id", table_name="data_exports")
    op.drop_table("data_exports")
    op.drop_table("retention_runs")
