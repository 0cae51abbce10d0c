"""Attempts, second looks, wishes for a program, consents taken back, and estimates: all that comes before a visit."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from service.kit.roles import APP
from service.migrations.evidence import refuse_to_lose

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

WORKING = ["review_requests"]
ONLY_ADDED = ["assessment_turns", "consent_withdrawals", "good_faith_estimates"]
ONCE = "uq_consent_acceptances_patient_id_consent_key_document_sha256"
NOT_OVER = "status NOT IN ('declined', 'ended')"


def upgrade() -> None:
    _assessments()
    _consents()
    _enrollments()
    for table in WORKING:
        op.execute(f"GRANT SELECT, INSERT, UPDATE ON {table} TO {APP}")
    for table in ONLY_ADDED:
        op.execute(f"GRANT SELECT, INSERT ON {table} TO {APP}")


def _assessments() -> None:
    op.add_column("assessments", sa.Column("earlier_id", sa.Uuid(), nullable=True))
    for column in ("contact_sealed", "contact_index", "link_hash"):
        op.add_column("assessments", sa.Column(column, sa.LargeBinary(), nullable=True))
    op.add_column("assessments", sa.Column("do_not_market", sa.Boolean(), nullable=False, server_default="false"))
    for column in ("link_until", "link_wanted_at", "nudge_at", "nudged_at"):
        op.add_column("assessments", sa.Column(column, sa.DateTime(timezone=True), nullable=True))
    op.create_index("ix_assessments_contact_index", "assessments", ["contact_index"])
    op.create_index("ix_assessments_earlier_id", "assessments", ["earlier_id"])
    op.create_index(
        "ix_assessments_link_wanted",
        "assessments",
        ["link_wanted_at"],
        postgresql_where=sa.text("link_wanted_at IS NOT NULL"),
    )
    op.create_index(
        "ix_assessments_nudge", "assessments", ["nudge_at"], postgresql_where=sa.text("nudge_at IS NOT NULL")
    )
    op.create_unique_constraint("uq_assessments_link_hash", "assessments", ["link_hash"])
    op.create_foreign_key(
        "fk_assessments_earlier_id_assessments",
        "assessments",
        "assessments",
        ["earlier_id"],
        ["id"],
        ondelete="SET NULL",
    )
    op.create_table(
        "assessment_turns",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("assessment_id", sa.Uuid(), nullable=False),
        sa.Column("earlier_id", sa.Uuid(), nullable=True),
        sa.Column("question_id", sa.Text(), nullable=False),
        sa.Column("rule_ids", postgresql.ARRAY(sa.TEXT()), nullable=False),
        sa.Column("before_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["assessment_id"],
            ["assessments.id"],
            name="fk_assessment_turns_assessment_id_assessments",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["earlier_id"], ["assessments.id"], name="fk_assessment_turns_earlier_id_assessments", ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_assessment_turns"),
    )
    op.create_index("ix_assessment_turns_assessment_id", "assessment_turns", ["assessment_id"])
    op.create_table(
        "review_requests",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("assessment_id", sa.Uuid(), nullable=False),
        sa.Column("contact_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("words_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("locale", sa.Text(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answered_by", sa.Uuid(), nullable=True),
        sa.Column("verdict", sa.Text(), nullable=True),
        sa.Column("note_sealed", sa.LargeBinary(), nullable=True),
        sa.CheckConstraint("verdict IN ('stands', 'opened')", name="ck_review_requests_verdict"),
        sa.CheckConstraint(
            "(answered_at IS NULL) = (verdict IS NULL)", name="ck_review_requests_verdict_when_answered"
        ),
        sa.ForeignKeyConstraint(["answered_by"], ["users.id"], name="fk_review_requests_answered_by_users"),
        sa.ForeignKeyConstraint(
            ["assessment_id"],
            ["assessments.id"],
            name="fk_review_requests_assessment_id_assessments",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_review_requests"),
        sa.UniqueConstraint("assessment_id", name="uq_review_requests_assessment_id"),
    )
    op.create_index(
        "ix_review_requests_open", "review_requests", ["asked_at"], postgresql_where=sa.text("answered_at IS NULL")
    )


def _consents() -> None:
    op.add_column("consent_acceptances", sa.Column("round", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("consent_acceptances", sa.Column("signer", sa.Text(), nullable=False, server_default="self"))
    op.add_column("consent_acceptances", sa.Column("auth_level", sa.Text(), nullable=False, server_default=""))
    op.add_column("consent_acceptances", sa.Column("declined", sa.Boolean(), nullable=False, server_default="false"))
    op.add_column("consent_acceptances", sa.Column("details_sealed", sa.LargeBinary(), nullable=True))
    op.add_column("consent_acceptances", sa.Column("ends_on", sa.Date(), nullable=True))
    op.add_column("consent_acceptances", sa.Column("opened_at", sa.DateTime(timezone=True), nullable=True))
    op.alter_column("consent_acceptances", "sign_in_id", existing_type=sa.UUID(), nullable=True)
    op.drop_constraint(ONCE, "consent_acceptances", type_="unique")
    op.create_unique_constraint(
        "uq_consent_acceptances_once",
        "consent_acceptances",
        ["patient_id", "consent_key", "document_sha256", "round"],
    )
    op.create_table(
        "consent_withdrawals",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("consent_key", sa.Text(), nullable=False),
        sa.Column("acceptance_id", sa.Uuid(), nullable=False),
        sa.Column("why_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("address", sa.Text(), nullable=True),
        sa.Column("user_agent", sa.Text(), nullable=True),
        sa.Column("sign_in_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["acceptance_id"],
            ["consent_acceptances.id"],
            name="fk_consent_withdrawals_acceptance_id_consent_acceptances",
        ),
        sa.ForeignKeyConstraint(["patient_id"], ["patients.id"], name="fk_consent_withdrawals_patient_id_patients"),
        sa.PrimaryKeyConstraint("id", name="pk_consent_withdrawals"),
        sa.UniqueConstraint("acceptance_id", name="uq_consent_withdrawals_acceptance_id"),
    )
    op.create_index("ix_consent_withdrawals_patient_id", "consent_withdrawals", ["patient_id"])
    op.create_table(
        "good_faith_estimates",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("occasion", sa.Text(), nullable=False),
        sa.Column("about_id", sa.Uuid(), nullable=False),
        sa.Column("first_on", sa.Date(), nullable=False),
        sa.Column("last_on", sa.Date(), nullable=False),
        sa.Column("total_cents", sa.Integer(), nullable=False),
        sa.Column("body_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("occasion IN ('booking', 'approval', 'asked')", name="ck_good_faith_estimates_occasion"),
        sa.CheckConstraint("total_cents >= 0", name="ck_good_faith_estimates_total"),
        sa.ForeignKeyConstraint(["patient_id"], ["patients.id"], name="fk_good_faith_estimates_patient_id_patients"),
        sa.PrimaryKeyConstraint("id", name="pk_good_faith_estimates"),
        sa.UniqueConstraint(
            "patient_id", "occasion", "about_id", name="uq_good_faith_estimates_patient_id_occasion_about_id"
        ),
    )


def _enrollments() -> None:
    op.add_column("enrollments", sa.Column("moving_to", sa.Text(), nullable=True))
    op.add_column("enrollments", sa.Column("moving_since", sa.DateTime(timezone=True), nullable=True))
    op.create_index(
        "ix_enrollments_moving",
        "enrollments",
        ["moving_since"],
        postgresql_where=sa.text("moving_since IS NOT NULL"),
    )
    op.add_column("enrollment_moves", sa.Column("place", sa.Text(), nullable=True))
    op.drop_index("ix_enrollments_queue", table_name="enrollments")
    waiting = ["status", "status_changed_at", "id"]
    op.create_index("ix_enrollments_queue", "enrollments", waiting)
    op.create_index("ix_enrollments_queue_state", "enrollments", ["state", *waiting])
    op.create_index(
        "ix_enrollments_queue_owner", "enrollments", ["owner_id", *waiting], postgresql_where=sa.text(NOT_OVER)
    )
    op.create_index(
        "ix_enrollments_queue_owner_state",
        "enrollments",
        ["owner_id", "state", *waiting],
        postgresql_where=sa.text(NOT_OVER),
    )
    op.create_index("ix_enrollments_patient", "enrollments", ["patient_id", "created_at"])
    op.create_index("ix_users_role", "users", ["role"], postgresql_where=sa.text("role IS NOT NULL"))
    op.add_column("patients", sa.Column("demographics_sealed", sa.LargeBinary(), nullable=True))
    op.add_column("waitlist_entries", sa.Column("program", sa.Text(), nullable=False, server_default=""))
    op.add_column("waitlist_entries", sa.Column("told_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("waitlist_entries", sa.Column("told_token_hash", sa.LargeBinary(), nullable=True))
    op.create_unique_constraint("uq_waitlist_entries_told_token_hash", "waitlist_entries", ["told_token_hash"])
    op.create_index(
        "ix_waitlist_entries_untold",
        "waitlist_entries",
        ["state", "program"],
        postgresql_where=sa.text("confirmed_at IS NOT NULL AND left_at IS NULL AND told_at IS NULL"),
    )
    op.drop_constraint("uq_waitlist_entries_email_index_state", "waitlist_entries", type_="unique")
    op.create_unique_constraint(
        "uq_waitlist_entries_email_index_state_program", "waitlist_entries", ["email_index", "state", "program"]
    )


def downgrade() -> None:
    refuse_to_lose(ONLY_ADDED)
    op.drop_constraint("uq_waitlist_entries_email_index_state_program", "waitlist_entries", type_="unique")
    op.create_unique_constraint("uq_waitlist_entries_email_index_state", "waitlist_entries", ["email_index", "state"])
    for table, columns in {
        "waitlist_entries": ["told_token_hash", "told_at", "program"],
        "patients": ["demographics_sealed"],
        "enrollments": ["moving_since", "moving_to"],
        "enrollment_moves": ["place"],
    }.items():
        for column in columns:
            op.drop_column(table, column)
    op.drop_index("ix_enrollments_patient", table_name="enrollments")
    op.drop_index("ix_users_role", table_name="users", postgresql_where=sa.text("role IS NOT NULL"))
    op.drop_index("ix_enrollments_queue_owner_state", table_name="enrollments", postgresql_where=sa.text(NOT_OVER))
    op.drop_index("ix_enrollments_queue_owner", table_name="enrollments", postgresql_where=sa.text(NOT_OVER))
    op.drop_index("ix_enrollments_queue_state", table_name="enrollments")
    op.drop_index("ix_enrollments_queue", table_name="enrollments")
    op.create_index("ix_enrollments_queue", "enrollments", ["status", "status_changed_at"])
    op.drop_table("good_faith_estimates")
    op.drop_table("consent_withdrawals")
    op.drop_constraint("uq_consent_acceptances_once", "consent_acceptances", type_="unique")
    op.create_unique_constraint(ONCE, "consent_acceptances", ["patient_id", "consent_key", "document_sha256"])
    op.execute("DELETE FROM consent_acceptances WHERE sign_in_id IS NULL")
    op.alter_column("consent_acceptances", "sign_in_id", existing_type=sa.UUID(), nullable=False)
    for column in ("opened_at", "ends_on", "details_sealed", "declined", "auth_level", "signer", "round"):
        op.drop_column("consent_acceptances", column)
    op.drop_table("review_requests")
    op.drop_table("assessment_turns")
    for column in (
        "do_not_market",
        "nudged_at",
        "nudge_at",
        "link_wanted_at",
        "link_until",
        "link_hash",
        "contact_index",
        "contact_sealed",
        "earlier_id",
    ):
        op.drop_column("assessments", column)
