"""More ways to prove that it is you, and what a person may tell us about themselves."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from service.kit.roles import APP

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

WORKING = ["invitations", "kept_forms", "known_devices", "one_time_codes", "passkeys", "recovery_codes"]


def upgrade() -> None:
    op.create_table(
        "known_devices",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("first_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("spares_step", sa.Boolean(), nullable=False),
        sa.Column("forgotten_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_known_devices_user_id_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_known_devices")),
        sa.UniqueConstraint("user_id", "token_hash", name=op.f("uq_known_devices_user_id_token_hash")),
    )
    op.create_table(
        "invitations",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("email_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("email_index", sa.LargeBinary(), nullable=False),
        sa.Column("name_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("invited_by", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("accepted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "role IN ('owner', 'clinician', 'coordinator', 'billing', 'auditor')", name=op.f("ck_invitations_role")
        ),
        sa.ForeignKeyConstraint(["invited_by"], ["users.id"], name=op.f("fk_invitations_invited_by_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invitations")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_invitations_token_hash")),
    )
    op.create_index(
        "uq_invitations_open",
        "invitations",
        ["email_index"],
        unique=True,
        postgresql_where=sa.text("accepted_at IS NULL AND withdrawn_at IS NULL"),
    )
    op.create_table(
        "kept_forms",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("fields_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_kept_forms_user_id_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_kept_forms")),
    )
    op.create_index(op.f("ix_kept_forms_user_id"), "kept_forms", ["user_id"], unique=False)
    op.create_table(
        "passkeys",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("credential_id", sa.LargeBinary(), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("sign_count", sa.BigInteger(), nullable=False),
        sa.Column("name_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_passkeys_user_id_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_passkeys")),
        sa.UniqueConstraint("credential_id", name=op.f("uq_passkeys_credential_id")),
    )
    op.create_index(op.f("ix_passkeys_user_id"), "passkeys", ["user_id"], unique=False)
    op.create_table(
        "recovery_codes",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("code_hash", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("replaced_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_recovery_codes_user_id_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recovery_codes")),
    )
    op.create_index(op.f("ix_recovery_codes_user_id"), "recovery_codes", ["user_id"], unique=False)
    op.create_table(
        "one_time_codes",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("sign_in_id", sa.Uuid(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("code_hash", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["sign_in_id"], ["sign_ins.id"], name=op.f("fk_one_time_codes_sign_in_id_sign_ins")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_one_time_codes_user_id_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_one_time_codes")),
    )
    op.create_index(
        "ix_one_time_codes_open",
        "one_time_codes",
        ["user_id"],
        unique=False,
        postgresql_where=sa.text("used_at IS NULL"),
    )
    op.create_table(
        "spent_challenges",
        sa.Column("challenge_hash", sa.LargeBinary(), nullable=False),
        sa.Column("spent_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("challenge_hash", name=op.f("pk_spent_challenges")),
    )
    op.create_index(op.f("ix_spent_challenges_spent_at"), "spent_challenges", ["spent_at"], unique=False)
    op.add_column("one_time_links", sa.Column("detail_sealed", sa.LargeBinary(), nullable=True))
    op.add_column("patients", sa.Column("preferred_name_sealed", sa.LargeBinary(), nullable=True))
    op.add_column("patients", sa.Column("pronouns_sealed", sa.LargeBinary(), nullable=True))
    op.add_column("patients", sa.Column("phone_sealed", sa.LargeBinary(), nullable=True))
    op.add_column("patients", sa.Column("address_sealed", sa.LargeBinary(), nullable=True))
    op.add_column("patients", sa.Column("emergency_contact_sealed", sa.LargeBinary(), nullable=True))
    op.add_column("patients", sa.Column("care_language", sa.Text(), nullable=False, server_default="en"))
    op.add_column("sign_ins", sa.Column("device_id", sa.Uuid(), nullable=True))
    op.add_column("sign_ins", sa.Column("agent_sealed", sa.LargeBinary(), nullable=True))
    op.add_column("sign_ins", sa.Column("address_sealed", sa.LargeBinary(), nullable=True))
    op.add_column("sign_ins", sa.Column("may_set_up_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("sign_ins", sa.Column("proved_at", sa.DateTime(timezone=True), nullable=True))
    op.create_foreign_key(
        op.f("fk_sign_ins_device_id_known_devices"), "sign_ins", "known_devices", ["device_id"], ["id"]
    )
    op.add_column("users", sa.Column("password_changed_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("users", sa.Column("totp_pending_sealed", sa.LargeBinary(), nullable=True))
    op.add_column("users", sa.Column("totp_pending_for", sa.Uuid(), nullable=True))
    op.add_column("users", sa.Column("totp_pending_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("users", sa.Column("set_up_until", sa.DateTime(timezone=True), nullable=True))
    op.add_column("users", sa.Column("second_step_declined_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("users", sa.Column("time_zone", sa.Text(), nullable=True))
    for table in WORKING:
        op.execute(f"GRANT SELECT, INSERT, UPDATE ON {table} TO {APP}")
    op.execute(f"GRANT SELECT, INSERT, DELETE ON spent_challenges TO {APP}")


def downgrade() -> None:
    op.drop_column("users", "time_zone")
    op.drop_column("users", "second_step_declined_at")
    op.drop_column("users", "set_up_until")
    op.drop_column("users", "totp_pending_at")
    op.drop_column("users", "totp_pending_for")
    op.drop_column("users", "totp_pending_sealed")
    op.drop_column("users", "password_changed_at")
    op.drop_constraint(op.f("fk_sign_ins_device_id_known_devices"), "sign_ins", type_="foreignkey")
    op.drop_column("sign_ins", "proved_at")
    op.drop_column("sign_ins", "may_set_up_at")
    op.drop_column("sign_ins", "address_sealed")
    op.drop_column("sign_ins", "agent_sealed")
    op.drop_column("sign_ins", "device_id")
    op.drop_column("patients", "care_language")
    op.drop_column("patients", "emergency_contact_sealed")
    op.drop_column("patients", "address_sealed")
    op.drop_column("patients", "phone_sealed")
    op.drop_column("patients", "pronouns_sealed")
    op.drop_column("patients", "preferred_name_sealed")
    op.drop_column("one_time_links", "detail_sealed")
    op.drop_index(op.f("ix_spent_challenges_spent_at"), table_name="spent_challenges")
    op.drop_table("spent_challenges")
    op.drop_index("ix_one_time_codes_open", table_name="one_time_codes", postgresql_where=sa.text("used_at IS NULL"))
    op.drop_table("one_time_codes")
    op.drop_index(op.f("ix_recovery_codes_user_id"), table_name="recovery_codes")
    op.drop_table("recovery_codes")
    op.drop_index(op.f("ix_passkeys_user_id"), table_name="passkeys")
    op.drop_table("passkeys")
    op.drop_index(op.f("ix_kept_forms_user_id"), table_name="kept_forms")
    op.drop_table("kept_forms")
    op.drop_index(
        "uq_invitations_open",
        table_name="invitations",
        postgresql_where=sa.text("accepted_at IS NULL AND withdrawn_at IS NULL"),
    )
    op.drop_table("invitations")
    op.drop_table("known_devices")
