"""Who looks after whom, and who broke the glass."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from service.kit.roles import APP

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

WORKING = ["break_glass", "care_team_members"]

# Whoever was booked for a visit, or owns an enrollment, looks after that patient already. Where every enrollment has
# ended, nobody does. The first reason counts, as it does in accounts.writes.join_care_team.
WHO_LOOKS_AFTER_WHOM_ALREADY = """
INSERT INTO care_team_members (id, patient_id, user_id, why, since)
SELECT DISTINCT ON (known.patient_id, known.user_id)
       gen_random_uuid(), known.patient_id, known.user_id, known.why, known.since
FROM (
    SELECT a.patient_id, p.user_id, 'visit' AS why, a.booked_at AS since
    FROM appointments a JOIN practitioners p ON p.id = a.practitioner_id
    WHERE a.status IN ('booked', 'finished')
    UNION ALL
    SELECT e.patient_id, e.owner_id, 'took', e.status_changed_at
    FROM enrollments e WHERE e.owner_id IS NOT NULL AND e.status <> 'ended'
) AS known
JOIN users u ON u.id = known.user_id AND u.deactivated_at IS NULL AND u.role IN ('clinician', 'coordinator', 'owner')
WHERE EXISTS (SELECT 1 FROM enrollments e WHERE e.patient_id = known.patient_id AND e.status <> 'ended')
ORDER BY known.patient_id, known.user_id, known.since
"""


def upgrade() -> None:
    op.create_table(
        "break_glass",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("reason_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reviewed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reviewed_by", sa.Uuid(), nullable=True),
        sa.Column("justified", sa.Boolean(), nullable=True),
        sa.Column("review_sealed", sa.LargeBinary(), nullable=True),
        sa.CheckConstraint(
            "(reviewed_at IS NULL) = (reviewed_by IS NULL)", name=op.f("ck_break_glass_reviewed_by_someone")
        ),
        sa.CheckConstraint("reviewed_by <> user_id", name=op.f("ck_break_glass_not_by_oneself")),
        sa.ForeignKeyConstraint(["patient_id"], ["patients.id"], name=op.f("fk_break_glass_patient_id_patients")),
        sa.ForeignKeyConstraint(["reviewed_by"], ["users.id"], name=op.f("fk_break_glass_reviewed_by_users")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_break_glass_user_id_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_break_glass")),
    )
    op.create_index("ix_break_glass_open", "break_glass", ["user_id", "patient_id", "expires_at"], unique=False)
    op.create_index(
        "ix_break_glass_unreviewed",
        "break_glass",
        ["opened_at"],
        unique=False,
        postgresql_where=sa.text("reviewed_at IS NULL"),
    )
    op.create_table(
        "care_team_members",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["patient_id"], ["patients.id"], name=op.f("fk_care_team_members_patient_id_patients")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_care_team_members_user_id_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_care_team_members")),
    )
    op.create_index(
        "ix_care_team_members_user_id",
        "care_team_members",
        ["user_id"],
        unique=False,
        postgresql_where=sa.text("until IS NULL"),
    )
    op.create_index(
        "uq_care_team_members_standing",
        "care_team_members",
        ["patient_id", "user_id"],
        unique=True,
        postgresql_where=sa.text("until IS NULL"),
    )
    for table in WORKING:
        op.execute(f"GRANT SELECT, INSERT, UPDATE ON {table} TO {APP}")
    op.execute(WHO_LOOKS_AFTER_WHOM_ALREADY)


def downgrade() -> None:
    op.drop_index(
        "uq_care_team_members_standing", table_name="care_team_members", postgresql_where=sa.text("until IS NULL")
    )
    op.drop_index(
        "ix_care_team_members_user_id", table_name="care_team_members", postgresql_where=sa.text("until IS NULL")
    )
    op.drop_table("care_team_members")
    op.drop_index(
        "ix_break_glass_unreviewed", table_name="break_glass", postgresql_where=sa.text("reviewed_at IS NULL")
    )
    op.drop_index("ix_break_glass_open", table_name="break_glass")
    op.drop_table("break_glass")
