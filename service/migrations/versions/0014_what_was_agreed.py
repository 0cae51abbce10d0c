"""What was agreed and meant: calls to Stripe with their keys, cancellations, price changes, and what was compared.

Old code goes on beside it: nothing is taken away, and every new column of an old table has a value of its own.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from service.kit.roles import APP
from service.migrations.evidence import refuse_to_lose

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

WORKING = ["billing_intents", "cancellations", "price_notices", "comparisons", "drifts", "money_months"]
ONLY_ADDED = ["billing_agreements"]
EVIDENCE = ["billing_agreements", "cancellations"]
CHECKS = {"memberships": ("next_price", "stopped_for", "credit"), "invoices": ("refunds",)}


def upgrade() -> None:
    _old_tables()
    _members()
    _watching()
    for table in WORKING:
        op.execute(f"GRANT SELECT, INSERT, UPDATE ON {table} TO {APP}")
    for table in ONLY_ADDED:
        op.execute(f"GRANT SELECT, INSERT ON {table} TO {APP}")
    _carry_over()
    _indexes()


def _old_tables() -> None:
    op.add_column("checkouts", sa.Column("kind", sa.Text(), nullable=False, server_default="membership"))
    op.add_column("checkouts", sa.Column("promotion", sa.Text(), nullable=True))
    op.drop_index(
        op.f("uq_checkouts_one_open"),
        table_name="checkouts",
        postgresql_where="(status = ANY (ARRAY['meant'::text, 'open'::text]))",
    )
    op.create_index(
        "uq_checkouts_one_open",
        "checkouts",
        ["membership_id", "kind"],
        unique=True,
        postgresql_where=sa.text("status IN ('meant', 'open')"),
    )
    op.add_column("invoices", sa.Column("stripe_payment_id", sa.Text(), nullable=True))
    op.add_column("invoices", sa.Column("number", sa.Text(), nullable=True))
    op.add_column("invoices", sa.Column("occasion", sa.Text(), nullable=False, server_default=""))
    op.add_column("invoices", sa.Column("subtotal_cents", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("invoices", sa.Column("discount_cents", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("invoices", sa.Column("credit_used_cents", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("invoices", sa.Column("refunded_cents", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("invoices", sa.Column("refunding_cents", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("invoices", sa.Column("attempts", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("invoices", sa.Column("next_try_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("invoices", sa.Column("judged_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("invoices", sa.Column("card_brand", sa.Text(), nullable=True))
    op.add_column("invoices", sa.Column("card_last4", sa.Text(), nullable=True))
    op.add_column("memberships", sa.Column("next_plan", sa.Text(), nullable=True))
    op.add_column("memberships", sa.Column("next_price_cents", sa.Integer(), nullable=True))
    op.add_column("memberships", sa.Column("stopped_for", sa.Text(), nullable=True))
    op.add_column("memberships", sa.Column("anchor_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("memberships", sa.Column("paid_until", sa.DateTime(timezone=True), nullable=True))
    op.add_column("memberships", sa.Column("collection_resumes_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("memberships", sa.Column("grace_since", sa.DateTime(timezone=True), nullable=True))
    op.add_column("memberships", sa.Column("credit_cents", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("memberships", sa.Column("discount_percent", sa.Integer(), nullable=True))
    op.add_column("memberships", sa.Column("discount_cents", sa.Integer(), nullable=True))
    op.add_column("memberships", sa.Column("discount_ends_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("memberships", sa.Column("card_expires_on", sa.Date(), nullable=True))
    op.add_column("stripe_events", sa.Column("subject_id", sa.Text(), nullable=True))
    op.add_column("stripe_events", sa.Column("parked_for", sa.Text(), nullable=True))
    op.add_column("stripe_events", sa.Column("called_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("stripe_events", sa.Column("touched_as", sa.Text(), nullable=True))
    op.add_column("stripe_events", sa.Column("touched_for", sa.Text(), nullable=True))
    op.add_column("stripe_events", sa.Column("touched_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("stripe_events", sa.Column("touched_by", sa.Uuid(), nullable=True))
    op.create_foreign_key(op.f("fk_stripe_events_touched_by_users"), "stripe_events", "users", ["touched_by"], ["id"])
    op.create_check_constraint(op.f("ck_memberships_next_price"), "memberships", "next_price_cents > 0")
    op.create_check_constraint(op.f("ck_memberships_stopped_for"), "memberships", "stopped_for IN ('paused', 'unpaid')")
    op.create_check_constraint(op.f("ck_memberships_credit"), "memberships", "credit_cents >= 0")
    op.create_check_constraint(
        op.f("ck_invoices_refunds"),
        "invoices",
        "refunded_cents >= 0 AND refunding_cents >= 0 AND refunded_cents + refunding_cents <= amount_paid_cents",
    )


def _members() -> None:
    op.create_table(
        "billing_agreements",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("membership_id", sa.Uuid(), nullable=True),
        sa.Column("occasion", sa.Text(), nullable=False),
        sa.Column("plan", sa.Text(), nullable=False),
        sa.Column("amount_cents", sa.Integer(), nullable=False),
        sa.Column("terms", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("agreed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("time_zone", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=True),
        sa.Column("user_agent", sa.Text(), nullable=True),
        sa.Column("sign_in_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint("amount_cents > 0", name=op.f("ck_billing_agreements_amount")),
        sa.ForeignKeyConstraint(
            ["membership_id"], ["memberships.id"], name=op.f("fk_billing_agreements_membership_id_memberships")
        ),
        sa.ForeignKeyConstraint(
            ["patient_id"], ["patients.id"], name=op.f("fk_billing_agreements_patient_id_patients")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_billing_agreements")),
    )
    op.create_index(op.f("ix_billing_agreements_membership_id"), "billing_agreements", ["membership_id"], unique=False)
    op.create_index(op.f("ix_billing_agreements_patient_id"), "billing_agreements", ["patient_id"], unique=False)
    op.create_table(
        "billing_intents",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("membership_id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("lane", sa.Text(), nullable=False),
        sa.Column("details", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("idempotency_key", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("actor_kind", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("meant_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("try_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "status IN ('meant', 'done', 'refused', 'given_up', 'overtaken')", name=op.f("ck_billing_intents_status")
        ),
        sa.ForeignKeyConstraint(
            ["membership_id"], ["memberships.id"], name=op.f("fk_billing_intents_membership_id_memberships")
        ),
        sa.ForeignKeyConstraint(["patient_id"], ["patients.id"], name=op.f("fk_billing_intents_patient_id_patients")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_billing_intents_user_id_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_billing_intents")),
        sa.UniqueConstraint("idempotency_key", name=op.f("uq_billing_intents_idempotency_key")),
    )
    op.create_index(
        "ix_billing_intents_due",
        "billing_intents",
        ["try_at"],
        unique=False,
        postgresql_where=sa.text("status = 'meant'"),
    )
    op.create_index("ix_billing_intents_membership_id", "billing_intents", ["membership_id", "meant_at"], unique=False)
    op.create_index(op.f("ix_billing_intents_patient_id"), "billing_intents", ["patient_id"], unique=False)
    op.create_index(
        "uq_billing_intents_lane",
        "billing_intents",
        ["membership_id", "lane"],
        unique=True,
        postgresql_where=sa.text("status = 'meant'"),
    )
    op.create_table(
        "cancellations",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("membership_id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("asked_by", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("comment_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("asked_by IN ('patient', 'staff', 'rule')", name=op.f("ck_cancellations_asked_by")),
        sa.ForeignKeyConstraint(
            ["membership_id"], ["memberships.id"], name=op.f("fk_cancellations_membership_id_memberships")
        ),
        sa.ForeignKeyConstraint(["patient_id"], ["patients.id"], name=op.f("fk_cancellations_patient_id_patients")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cancellations")),
    )
    op.create_index(op.f("ix_cancellations_membership_id"), "cancellations", ["membership_id"], unique=False)
    op.create_index(op.f("ix_cancellations_patient_id"), "cancellations", ["patient_id"], unique=False)
    op.create_table(
        "price_notices",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("membership_id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("change_key", sa.Text(), nullable=False),
        sa.Column("old_cents", sa.Integer(), nullable=False),
        sa.Column("new_cents", sa.Integer(), nullable=False),
        sa.Column("applies_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "outcome IN ('agreed', 'kept', 'ended', 'overtaken')", name=op.f("ck_price_notices_outcome")
        ),
        sa.ForeignKeyConstraint(
            ["membership_id"], ["memberships.id"], name=op.f("fk_price_notices_membership_id_memberships")
        ),
        sa.ForeignKeyConstraint(["patient_id"], ["patients.id"], name=op.f("fk_price_notices_patient_id_patients")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_price_notices")),
        sa.UniqueConstraint("membership_id", "change_key", name=op.f("uq_price_notices_membership_id_change_key")),
    )
    op.create_index(op.f("ix_price_notices_patient_id"), "price_notices", ["patient_id"], unique=False)
    op.create_index(
        "ix_price_notices_waiting",
        "price_notices",
        ["applies_at"],
        unique=False,
        postgresql_where=sa.text("outcome IS NULL"),
    )


def _watching() -> None:
    op.create_table(
        "comparisons",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cursor", sa.Text(), nullable=True),
        sa.Column("seen", sa.Integer(), nullable=False),
        sa.Column("differing", sa.Integer(), nullable=False),
        sa.Column("repaired", sa.Integer(), nullable=False),
        sa.Column("failed", sa.Integer(), nullable=False),
        sa.CheckConstraint("kind IN ('hourly', 'nightly')", name=op.f("ck_comparisons_kind")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_comparisons")),
        sa.UniqueConstraint("day", name=op.f("uq_comparisons_day")),
    )
    op.create_table(
        "money_months",
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("figures", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("counted_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("month", name=op.f("pk_money_months")),
    )
    op.create_table(
        "drifts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("comparison_id", sa.Uuid(), nullable=True),
        sa.Column("membership_id", sa.Uuid(), nullable=True),
        sa.Column("object_id", sa.Text(), nullable=False),
        sa.Column("field", sa.Text(), nullable=False),
        sa.Column("ours", sa.Text(), nullable=True),
        sa.Column("theirs", sa.Text(), nullable=True),
        sa.Column("found_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("settled_by", sa.Uuid(), nullable=True),
        sa.Column("how", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["comparison_id"], ["comparisons.id"], name=op.f("fk_drifts_comparison_id_comparisons")
        ),
        sa.ForeignKeyConstraint(
            ["membership_id"], ["memberships.id"], name=op.f("fk_drifts_membership_id_memberships")
        ),
        sa.ForeignKeyConstraint(["settled_by"], ["users.id"], name=op.f("fk_drifts_settled_by_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_drifts")),
    )
    op.create_index("ix_drifts_found_at", "drifts", ["found_at"], unique=False)
    op.create_index(op.f("ix_drifts_membership_id"), "drifts", ["membership_id"], unique=False)
    op.create_index(
        "uq_drifts_open", "drifts", ["object_id", "field"], unique=True, postgresql_where=sa.text("settled_at IS NULL")
    )


def _carry_over() -> None:
    """What is known already, in the new words: paid months and the money that came in."""
    op.execute("UPDATE memberships SET paid_until = period_ends_at WHERE status IN ('active', 'ended')")
    op.execute("UPDATE memberships SET stopped_for = 'paused' WHERE status = 'stopped'")
    op.execute("UPDATE invoices SET subtotal_cents = amount_due_cents, judged_at = paid_at")
    op.execute("UPDATE stripe_events SET parked_for = 'failed' WHERE parked_at IS NOT NULL")


def _indexes() -> None:
    """On tables in use: built beside those who write to them."""
    with op.get_context().autocommit_block():
        op.create_index(
            "ix_invoices_open",
            "invoices",
            ["membership_id"],
            unique=False,
            postgresql_where=sa.text("status IN ('draft', 'open')"),
            postgresql_concurrently=True,
        )
        op.create_index(
            "ix_invoices_paid_at",
            "invoices",
            ["paid_at"],
            unique=False,
            postgresql_where=sa.text("paid_at IS NOT NULL"),
            postgresql_concurrently=True,
        )
        op.create_index(
            "ix_invoices_unjudged",
            "invoices",
            ["paid_at"],
            unique=False,
            postgresql_where=sa.text("paid_at IS NOT NULL AND judged_at IS NULL"),
            postgresql_concurrently=True,
        )
        op.create_index(
            op.f("ix_invoices_stripe_payment_id"),
            "invoices",
            ["stripe_payment_id"],
            unique=False,
            postgresql_concurrently=True,
        )
        op.create_index(
            "ix_memberships_compared",
            "memberships",
            ["compared_at"],
            unique=False,
            postgresql_where=sa.text("status <> 'ended'"),
            postgresql_concurrently=True,
        )
        op.create_index(
            "ix_memberships_ending",
            "memberships",
            ["period_ends_at", "id"],
            unique=False,
            postgresql_where=sa.text("status = 'active' AND cancels_at_period_end"),
            postgresql_concurrently=True,
        )
        op.create_index(
            "ix_memberships_skipped",
            "memberships",
            ["period_ends_at", "id"],
            unique=False,
            postgresql_where=sa.text("status = 'active' AND collection_resumes_at IS NOT NULL"),
            postgresql_concurrently=True,
        )
        op.create_index(
            "ix_memberships_patient_id",
            "memberships",
            ["patient_id", "created_at"],
            unique=False,
            postgresql_concurrently=True,
        )
        op.create_index(
            "ix_memberships_standing",
            "memberships",
            ["status", "period_ends_at", "id"],
            unique=False,
            postgresql_concurrently=True,
        )
        op.create_index(
            "ix_memberships_activated_at",
            "memberships",
            ["activated_at"],
            unique=False,
            postgresql_where=sa.text("activated_at IS NOT NULL"),
            postgresql_concurrently=True,
        )
        op.create_index(
            "ix_memberships_ended_at",
            "memberships",
            ["ended_at"],
            unique=False,
            postgresql_where=sa.text("ended_at IS NOT NULL AND activated_at IS NOT NULL"),
            postgresql_concurrently=True,
        )
        op.create_index("ix_invoices_issued_at", "invoices", ["issued_at"], unique=False, postgresql_concurrently=True)
        op.create_index(
            "ix_stripe_events_parked",
            "stripe_events",
            ["parked_at"],
            unique=False,
            postgresql_where=sa.text("parked_at IS NOT NULL AND handled_at IS NULL"),
            postgresql_concurrently=True,
        )


def downgrade() -> None:
    refuse_to_lose(EVIDENCE)
    for table, names in CHECKS.items():
        for name in names:
            op.drop_constraint(op.f(f"ck_{table}_{name}"), table, type_="check")
    op.execute("DELETE FROM checkouts WHERE kind <> 'membership'")
    op.drop_index(
        "ix_stripe_events_parked",
        table_name="stripe_events",
        postgresql_where=sa.text("parked_at IS NOT NULL AND handled_at IS NULL"),
    )
    for name in ("touched_by", "touched_at", "touched_for", "touched_as", "called_at", "parked_for"):
        op.drop_column("stripe_events", name)
    op.drop_column("stripe_events", "subject_id")
    op.drop_index("ix_memberships_standing", table_name="memberships")
    op.drop_index("ix_memberships_patient_id", table_name="memberships")
    op.drop_index("ix_memberships_ending", table_name="memberships")
    op.drop_index("ix_memberships_skipped", table_name="memberships")
    op.drop_index("ix_memberships_compared", table_name="memberships", postgresql_where=sa.text("status <> 'ended'"))
    op.drop_column("memberships", "card_expires_on")
    op.drop_column("memberships", "discount_ends_at")
    op.drop_column("memberships", "discount_cents")
    op.drop_column("memberships", "discount_percent")
    op.drop_column("memberships", "credit_cents")
    op.drop_column("memberships", "grace_since")
    op.drop_column("memberships", "collection_resumes_at")
    op.drop_column("memberships", "paid_until")
    op.drop_column("memberships", "anchor_at")
    op.drop_column("memberships", "stopped_for")
    op.drop_column("memberships", "next_price_cents")
    op.drop_column("memberships", "next_plan")
    op.drop_index(op.f("ix_invoices_stripe_payment_id"), table_name="invoices")
    op.drop_index(
        "ix_invoices_unjudged",
        table_name="invoices",
        postgresql_where=sa.text("paid_at IS NOT NULL AND judged_at IS NULL"),
    )
    op.drop_index("ix_invoices_paid_at", table_name="invoices", postgresql_where=sa.text("paid_at IS NOT NULL"))
    op.drop_index("ix_invoices_open", table_name="invoices", postgresql_where=sa.text("status IN ('draft', 'open')"))
    op.drop_column("invoices", "judged_at")
    op.drop_column("invoices", "card_last4")
    op.drop_column("invoices", "card_brand")
    op.drop_column("invoices", "next_try_at")
    op.drop_column("invoices", "attempts")
    op.drop_column("invoices", "refunding_cents")
    op.drop_column("invoices", "refunded_cents")
    op.drop_column("invoices", "credit_used_cents")
    op.drop_column("invoices", "discount_cents")
    op.drop_column("invoices", "subtotal_cents")
    op.drop_column("invoices", "occasion")
    op.drop_column("invoices", "number")
    op.drop_column("invoices", "stripe_payment_id")
    op.drop_index(
        "uq_checkouts_one_open", table_name="checkouts", postgresql_where=sa.text("status IN ('meant', 'open')")
    )
    op.create_index(
        op.f("uq_checkouts_one_open"),
        "checkouts",
        ["membership_id"],
        unique=True,
        postgresql_where="(status = ANY (ARRAY['meant'::text, 'open'::text]))",
    )
    op.drop_column("checkouts", "promotion")
    op.drop_column("checkouts", "kind")
    op.drop_table("price_notices")
    op.drop_table("drifts")
    op.drop_table("money_months")
    op.drop_index("ix_invoices_issued_at", table_name="invoices")
    op.drop_index(
        "ix_memberships_ended_at",
        table_name="memberships",
        postgresql_where=sa.text("ended_at IS NOT NULL AND activated_at IS NOT NULL"),
    )
    op.drop_index(
        "ix_memberships_activated_at",
        table_name="memberships",
        postgresql_where=sa.text("activated_at IS NOT NULL"),
    )
    op.drop_table("cancellations")
    op.drop_table("billing_intents")
    op.drop_table("billing_agreements")
    op.drop_table("comparisons")
