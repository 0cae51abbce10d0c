"""Money: lines of a charge, refunds, credits, disputes, notes, and the ledger that all must add up to."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from service.kit.roles import APP
from service.migrations.evidence import refuse_to_lose

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

WORKING = ["refunds", "credits", "disputes"]
ONLY_ADDED = ["invoice_lines", "ledger_entries", "membership_notes"]
EVIDENCE = ["ledger_entries", "refunds", "credits", "membership_notes"]


def upgrade() -> None:
    _money()
    for table in WORKING:
        op.execute(f"GRANT SELECT, INSERT, UPDATE ON {table} TO {APP}")
    for table in ONLY_ADDED:
        op.execute(f"GRANT SELECT, INSERT ON {table} TO {APP}")
    _carry_over()


def _money() -> None:
    op.create_table(
        "credits",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("membership_id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("amount_cents", sa.Integer(), nullable=True),
        sa.Column("months", sa.Integer(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("note_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("second_person", sa.Boolean(), nullable=False),
        sa.Column("asked_by", sa.Uuid(), nullable=True),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("stripe_id", sa.Text(), nullable=True),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failure", sa.Text(), nullable=True),
        sa.CheckConstraint("(kind = 'comp') = (months IS NOT NULL)", name=op.f("ck_credits_months")),
        sa.CheckConstraint("(kind = 'credit') = (amount_cents IS NOT NULL)", name=op.f("ck_credits_amount")),
        sa.CheckConstraint("kind IN ('credit', 'comp')", name=op.f("ck_credits_kind")),
        sa.CheckConstraint(
            "status IN ('asked', 'approved', 'done', 'failed', 'declined')", name=op.f("ck_credits_status")
        ),
        sa.CheckConstraint("amount_cents > 0 AND months > 0", name=op.f("ck_credits_positive")),
        sa.CheckConstraint(
            "decided_by IS NULL OR decided_by <> asked_by OR NOT second_person", name=op.f("ck_credits_second_person")
        ),
        sa.CheckConstraint(
            "NOT second_person OR decided_by IS NOT NULL OR status IN ('asked', 'failed')",
            name=op.f("ck_credits_decided_first"),
        ),
        sa.ForeignKeyConstraint(["asked_by"], ["users.id"], name=op.f("fk_credits_asked_by_users")),
        sa.ForeignKeyConstraint(["decided_by"], ["users.id"], name=op.f("fk_credits_decided_by_users")),
        sa.ForeignKeyConstraint(
            ["membership_id"], ["memberships.id"], name=op.f("fk_credits_membership_id_memberships")
        ),
        sa.ForeignKeyConstraint(["patient_id"], ["patients.id"], name=op.f("fk_credits_patient_id_patients")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_credits")),
    )
    op.create_index(op.f("ix_credits_membership_id"), "credits", ["membership_id"], unique=False)
    op.create_index(op.f("ix_credits_patient_id"), "credits", ["patient_id"], unique=False)
    op.create_index(
        "ix_credits_open",
        "credits",
        ["asked_at"],
        unique=False,
        postgresql_where=sa.text("status IN ('asked', 'approved')"),
    )
    op.create_table(
        "membership_notes",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("membership_id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("author_id", sa.Uuid(), nullable=False),
        sa.Column("body_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["author_id"], ["users.id"], name=op.f("fk_membership_notes_author_id_users")),
        sa.ForeignKeyConstraint(
            ["membership_id"], ["memberships.id"], name=op.f("fk_membership_notes_membership_id_memberships")
        ),
        sa.ForeignKeyConstraint(["patient_id"], ["patients.id"], name=op.f("fk_membership_notes_patient_id_patients")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_membership_notes")),
    )
    op.create_index(op.f("ix_membership_notes_membership_id"), "membership_notes", ["membership_id"], unique=False)
    op.create_index(op.f("ix_membership_notes_patient_id"), "membership_notes", ["patient_id"], unique=False)
    op.create_table(
        "disputes",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("stripe_dispute_id", sa.Text(), nullable=False),
        sa.Column("invoice_id", sa.Uuid(), nullable=False),
        sa.Column("membership_id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("amount_cents", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("amount_cents > 0", name=op.f("ck_disputes_amount")),
        sa.ForeignKeyConstraint(["invoice_id"], ["invoices.id"], name=op.f("fk_disputes_invoice_id_invoices")),
        sa.ForeignKeyConstraint(
            ["membership_id"], ["memberships.id"], name=op.f("fk_disputes_membership_id_memberships")
        ),
        sa.ForeignKeyConstraint(["patient_id"], ["patients.id"], name=op.f("fk_disputes_patient_id_patients")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_disputes")),
        sa.UniqueConstraint("stripe_dispute_id", name=op.f("uq_disputes_stripe_dispute_id")),
    )
    op.create_index(op.f("ix_disputes_invoice_id"), "disputes", ["invoice_id"], unique=False)
    op.create_index(op.f("ix_disputes_membership_id"), "disputes", ["membership_id"], unique=False)
    op.create_index(op.f("ix_disputes_patient_id"), "disputes", ["patient_id"], unique=False)
    op.create_index(
        "ix_disputes_open",
        "disputes",
        ["membership_id"],
        unique=False,
        postgresql_where=sa.text("closed_at IS NULL"),
    )
    op.create_table(
        "invoice_lines",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("invoice_id", sa.Uuid(), nullable=False),
        sa.Column("stripe_line_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("amount_cents", sa.Integer(), nullable=False),
        sa.Column("price_key", sa.Text(), nullable=True),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind IN ('month', 'unused', 'remaining', 'other')", name=op.f("ck_invoice_lines_kind")),
        sa.ForeignKeyConstraint(["invoice_id"], ["invoices.id"], name=op.f("fk_invoice_lines_invoice_id_invoices")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invoice_lines")),
        sa.UniqueConstraint("stripe_line_id", name=op.f("uq_invoice_lines_stripe_line_id")),
    )
    op.create_index(op.f("ix_invoice_lines_invoice_id"), "invoice_lines", ["invoice_id"], unique=False)
    op.create_table(
        "ledger_entries",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("membership_id", sa.Uuid(), nullable=False),
        sa.Column("invoice_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("amount_cents", sa.Integer(), nullable=False),
        sa.Column("stripe_id", sa.Text(), nullable=False),
        sa.Column("moved_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("noted_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(kind IN ('payment', 'refund_failed', 'dispute_won')) = (amount_cents > 0)",
            name=op.f("ck_ledger_entries_sign"),
        ),
        sa.CheckConstraint(
            "kind IN ('payment', 'refund', 'refund_failed', 'dispute', 'dispute_won')",
            name=op.f("ck_ledger_entries_kind"),
        ),
        sa.ForeignKeyConstraint(["invoice_id"], ["invoices.id"], name=op.f("fk_ledger_entries_invoice_id_invoices")),
        sa.ForeignKeyConstraint(
            ["membership_id"], ["memberships.id"], name=op.f("fk_ledger_entries_membership_id_memberships")
        ),
        sa.ForeignKeyConstraint(["patient_id"], ["patients.id"], name=op.f("fk_ledger_entries_patient_id_patients")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_entries")),
        sa.UniqueConstraint("kind", "stripe_id", name=op.f("uq_ledger_entries_kind_stripe_id")),
    )
    op.create_index("ix_ledger_entries_at", "ledger_entries", ["moved_at"], unique=False)
    op.create_index(op.f("ix_ledger_entries_invoice_id"), "ledger_entries", ["invoice_id"], unique=False)
    op.create_index(op.f("ix_ledger_entries_membership_id"), "ledger_entries", ["membership_id"], unique=False)
    op.create_index(op.f("ix_ledger_entries_patient_id"), "ledger_entries", ["patient_id"], unique=False)
    op.create_table(
        "refunds",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("invoice_id", sa.Uuid(), nullable=False),
        sa.Column("membership_id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("amount_cents", sa.Integer(), nullable=False),
        sa.Column("lines", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("note_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("second_person", sa.Boolean(), nullable=False),
        sa.Column("asked_by", sa.Uuid(), nullable=True),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("stripe_refund_id", sa.Text(), nullable=True),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failure", sa.Text(), nullable=True),
        sa.CheckConstraint("source IN ('staff', 'rule')", name=op.f("ck_refunds_source")),
        sa.CheckConstraint(
            "status IN ('asked', 'approved', 'done', 'failed', 'declined')", name=op.f("ck_refunds_status")
        ),
        sa.CheckConstraint("amount_cents > 0", name=op.f("ck_refunds_amount")),
        sa.CheckConstraint(
            "decided_by IS NULL OR decided_by <> asked_by OR NOT second_person", name=op.f("ck_refunds_second_person")
        ),
        sa.CheckConstraint(
            "NOT second_person OR decided_by IS NOT NULL OR status IN ('asked', 'failed')",
            name=op.f("ck_refunds_decided_first"),
        ),
        sa.ForeignKeyConstraint(["asked_by"], ["users.id"], name=op.f("fk_refunds_asked_by_users")),
        sa.ForeignKeyConstraint(["decided_by"], ["users.id"], name=op.f("fk_refunds_decided_by_users")),
        sa.ForeignKeyConstraint(["invoice_id"], ["invoices.id"], name=op.f("fk_refunds_invoice_id_invoices")),
        sa.ForeignKeyConstraint(
            ["membership_id"], ["memberships.id"], name=op.f("fk_refunds_membership_id_memberships")
        ),
        sa.ForeignKeyConstraint(["patient_id"], ["patients.id"], name=op.f("fk_refunds_patient_id_patients")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refunds")),
        sa.UniqueConstraint("stripe_refund_id", name=op.f("uq_refunds_stripe_refund_id")),
    )
    op.create_index(op.f("ix_refunds_invoice_id"), "refunds", ["invoice_id"], unique=False)
    op.create_index(op.f("ix_refunds_membership_id"), "refunds", ["membership_id"], unique=False)
    op.create_index("ix_refunds_failed", "refunds", ["id"], unique=False, postgresql_where=sa.text("status = 'failed'"))
    op.create_index(
        "ix_refunds_open",
        "refunds",
        ["asked_at"],
        unique=False,
        postgresql_where=sa.text("status IN ('asked', 'approved')"),
    )
    op.create_index(op.f("ix_refunds_patient_id"), "refunds", ["patient_id"], unique=False)


def _carry_over() -> None:
    """The money that came in before."""
    op.execute(
        "INSERT INTO ledger_entries"
        " (id, patient_id, membership_id, invoice_id, kind, amount_cents, stripe_id, moved_at, noted_at)"
        " SELECT i.id, m.patient_id, m.id, i.id, 'payment', i.amount_paid_cents, i.stripe_invoice_id, i.paid_at, now()"
        " FROM invoices i JOIN memberships m ON m.id = i.membership_id"
        " WHERE i.paid_at IS NOT NULL AND i.amount_paid_cents > 0"
    )


def downgrade() -> None:
    refuse_to_lose(EVIDENCE)
    op.drop_table("refunds")
    op.drop_table("ledger_entries")
    op.drop_table("invoice_lines")
    op.drop_table("disputes")
    op.drop_table("membership_notes")
    op.drop_table("credits")
