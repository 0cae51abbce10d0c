"""Who may touch what.

The app role works; it cannot change or remove evidence, and it owns nothing, so it cannot ALTER, TRUNCATE or disable
a trigger. The audit role reads the trail and nothing else.
"""

from __future__ import annotations

from alembic import op

from service.kit.roles import APP, AUDIT

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

WORKING = [
    "users",
    "sign_ins",
    "one_time_links",
    "sign_in_back_offs",
    "patients",
    "outbox",
    "alerts",
    "safety_holds",
    "practitioners",
    "licenses",
    "open_hours",
    "appointments",
    "assessments",
    "enrollments",
    "waitlist_entries",
    "memberships",
    "checkouts",
    "invoices",
    "stripe_events",
    "checkins",
    "reminders",
    "heartbeats",
]
ONLY_ADDED = [
    "audit_entries",
    "consent_texts",
    "consent_acceptances",
    "encounters",
    "enrollment_moves",
    "eligibility_decisions",
    "gate_records",
]
ONLY_READ = ("business_clock", "alembic_version")


def upgrade() -> None:
    op.execute("REVOKE CREATE ON SCHEMA public FROM PUBLIC")
    op.execute(f"GRANT USAGE ON SCHEMA public TO {APP}, {AUDIT}")
    for table in WORKING:
        op.execute(f"GRANT SELECT, INSERT, UPDATE ON {table} TO {APP}")
    for table in ONLY_ADDED:
        op.execute(f"GRANT SELECT, INSERT ON {table} TO {APP}")
    for table in ONLY_READ:
        op.execute(f"GRANT SELECT ON {table} TO {APP}")
    op.execute(f"GRANT SELECT ON audit_entries TO {AUDIT}")


def downgrade() -> None:
    for table in (*WORKING, *ONLY_ADDED, *ONLY_READ):
        op.execute(f"REVOKE ALL ON {table} FROM {APP}, {AUDIT}")
