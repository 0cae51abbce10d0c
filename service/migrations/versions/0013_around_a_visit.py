"""Around a visit: licences that run out, days unlike others, holds, rooms, where somebody is, and the whole record."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from service.kit.roles import APP
from service.migrations.evidence import refuse_to_lose

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

WORKING = ["license_notices", "schedule_exceptions"]
ONLY_ADDED = ["location_attestations", "encounter_addenda"]
REPLACED = ["open_hours", "schedule_exceptions"]  # a timetable is edited; what was booked by it stays
EXCLUDE = """
ALTER TABLE appointments ADD CONSTRAINT ex_appointments_no_double_booking EXCLUDE USING gist
(int4range(practitioner_number, practitioner_number, '[]') WITH &&, during WITH &&) WHERE ({taking})
"""
STATUS = "status IN ({})"
BEFORE = "'booked', 'finished', 'cancelled', 'missed'"
HELD = "status = 'held'"
BOOKED = "status = 'booked'"


def upgrade() -> None:
    _timetable()
    _appointments()
    _encounters()
    op.add_column("reminders", sa.Column("appointment_id", sa.Uuid(), nullable=True))
    op.alter_column("reminders", "checkin_id", existing_type=sa.UUID(), nullable=True)
    op.create_index("ix_reminders_appointment_id", "reminders", ["appointment_id"])
    op.create_foreign_key(
        "fk_reminders_appointment_id_appointments", "reminders", "appointments", ["appointment_id"], ["id"]
    )
    op.create_check_constraint(
        op.f("ck_reminders_about_one_thing"), "reminders", "num_nonnulls(checkin_id, appointment_id) = 1"
    )
    for table in WORKING:
        op.execute(f"GRANT SELECT, INSERT, UPDATE ON {table} TO {APP}")
    for table in ONLY_ADDED:
        op.execute(f"GRANT SELECT, INSERT ON {table} TO {APP}")
    for table in REPLACED:
        op.execute(f"GRANT DELETE ON {table} TO {APP}")


def _timetable() -> None:
    for column in ("board", "npi", "phone"):
        op.add_column("practitioners", sa.Column(column, sa.Text(), nullable=False, server_default=""))
    op.add_column("licenses", sa.Column("source", sa.Text(), nullable=False, server_default=""))
    op.add_column("licenses", sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True))
    op.create_table(
        "license_notices",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("license_id", sa.Uuid(), nullable=False),
        sa.Column("expires_on", sa.Date(), nullable=False),
        sa.Column("days_before", sa.Integer(), nullable=False),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["license_id"], ["licenses.id"], name="fk_license_notices_license_id_licenses"),
        sa.PrimaryKeyConstraint("id", name="pk_license_notices"),
        sa.UniqueConstraint(
            "license_id", "expires_on", "days_before", name="uq_license_notices_license_id_expires_on_days_before"
        ),
    )
    op.create_table(
        "schedule_exceptions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("practitioner_id", sa.Uuid(), nullable=False),
        sa.Column("on_day", sa.Date(), nullable=False),
        sa.Column("opens", sa.Boolean(), nullable=False),
        sa.Column("starts", sa.Time(), nullable=True),
        sa.Column("ends", sa.Time(), nullable=True),
        sa.CheckConstraint("(starts IS NULL) = (ends IS NULL)", name="ck_schedule_exceptions_both_or_neither"),
        sa.CheckConstraint("NOT opens OR starts IS NOT NULL", name="ck_schedule_exceptions_open_from_when"),
        sa.CheckConstraint("starts < ends", name="ck_schedule_exceptions_forwards"),
        sa.ForeignKeyConstraint(
            ["practitioner_id"], ["practitioners.id"], name="fk_schedule_exceptions_practitioner_id_practitioners"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_schedule_exceptions"),
    )
    op.create_index("ix_schedule_exceptions_day", "schedule_exceptions", ["practitioner_id", "on_day"])


def _appointments() -> None:
    for column in ("held_until", "remind_at", "by_phone_at", "handed_at", "ended_at"):
        op.add_column("appointments", sa.Column(column, sa.DateTime(timezone=True), nullable=True))
    op.add_column("appointments", sa.Column("room", sa.Text(), nullable=True))
    op.add_column("appointments", sa.Column("physician_asked", sa.Boolean(), nullable=False, server_default="false"))
    op.add_column("appointments", sa.Column("needs", postgresql.ARRAY(sa.TEXT()), nullable=False, server_default="{}"))
    op.add_column("appointments", sa.Column("needs_sealed", sa.LargeBinary(), nullable=True))
    op.add_column("appointments", sa.Column("changed_from_id", sa.Uuid(), nullable=True))
    op.create_unique_constraint("uq_appointments_room", "appointments", ["room"])
    op.create_foreign_key(
        "fk_appointments_changed_from_id_appointments", "appointments", "appointments", ["changed_from_id"], ["id"]
    )
    op.drop_constraint(op.f("ck_appointments_status"), "appointments", type_="check")
    op.create_check_constraint(
        op.f("ck_appointments_status"), "appointments", STATUS.format(f"'held', {BEFORE}, 'let_go'")
    )
    op.create_check_constraint(
        op.f("ck_appointments_held_until_when"), "appointments", "status <> 'held' OR held_until IS NOT NULL"
    )
    op.drop_constraint("ex_appointments_no_double_booking", "appointments")
    op.execute(EXCLUDE.format(taking="status IN ('held', 'booked')"))
    op.create_index(
        "uq_appointments_one_held", "appointments", ["patient_id"], unique=True, postgresql_where=sa.text(HELD)
    )
    op.create_index(
        "ix_appointments_taken",
        "appointments",
        ["practitioner_id"],
        postgresql_where=sa.text("status IN ('held', 'booked')"),
    )
    op.create_index("ix_appointments_held_until", "appointments", ["held_until"], postgresql_where=sa.text(HELD))
    op.create_index("ix_appointments_remind_at", "appointments", ["remind_at"], postgresql_where=sa.text(BOOKED))
    op.create_index(
        "ix_appointments_ahead", "appointments", [sa.text("lower(during)")], postgresql_where=sa.text(BOOKED)
    )
    op.execute("UPDATE appointments SET remind_at = booked_at WHERE status = 'booked'")
    op.create_table(
        "location_attestations",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("appointment_id", sa.Uuid(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("county_fips", sa.Text(), nullable=False),
        sa.Column("at_home_address", sa.Boolean(), nullable=False),
        sa.Column("emergency_address_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("callback_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("attested_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["appointment_id"], ["appointments.id"], name="fk_location_attestations_appointment_id_appointments"
        ),
        sa.ForeignKeyConstraint(["patient_id"], ["patients.id"], name="fk_location_attestations_patient_id_patients"),
        sa.PrimaryKeyConstraint("id", name="pk_location_attestations"),
    )
    op.create_index("ix_location_attestations_appointment_id", "location_attestations", ["appointment_id"])
    op.create_index("ix_location_attestations_patient_id", "location_attestations", ["patient_id"])


def _encounters() -> None:
    op.add_column("encounters", sa.Column("record_sealed", sa.LargeBinary(), nullable=True))
    op.add_column("encounters", sa.Column("kind", sa.Text(), nullable=False, server_default="consultation"))
    op.add_column("encounters", sa.Column("payment_source", sa.Text(), nullable=False, server_default="self_pay"))
    for column in ("patient_county", "practitioner_state", "identity_method", "pdmp_finding", "em_code"):
        op.add_column("encounters", sa.Column(column, sa.Text(), nullable=False, server_default=""))
    for column in ("started_at", "ended_at"):
        op.add_column("encounters", sa.Column(column, sa.DateTime(timezone=True), nullable=True))
    op.add_column("encounters", sa.Column("follow_up_on", sa.Date(), nullable=True))
    op.add_column("encounters", sa.Column("attestation_id", sa.Uuid(), nullable=True))
    op.alter_column("encounters", "pdmp_checked_at", existing_type=sa.DateTime(timezone=True), nullable=True)
    op.create_foreign_key(
        "fk_encounters_attestation_id_location_attestations",
        "encounters",
        "location_attestations",
        ["attestation_id"],
        ["id"],
    )
    op.create_table(
        "encounter_addenda",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("encounter_id", sa.Uuid(), nullable=False),
        sa.Column("text_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("signed_by", sa.Uuid(), nullable=False),
        sa.Column("signed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["encounter_id"], ["encounters.id"], name="fk_encounter_addenda_encounter_id_encounters"
        ),
        sa.ForeignKeyConstraint(["signed_by"], ["users.id"], name="fk_encounter_addenda_signed_by_users"),
        sa.PrimaryKeyConstraint("id", name="pk_encounter_addenda"),
    )
    op.create_index("ix_encounter_addenda_encounter_id", "encounter_addenda", ["encounter_id"])


def downgrade() -> None:
    refuse_to_lose(ONLY_ADDED)
    op.execute(f"REVOKE DELETE ON open_hours FROM {APP}")
    op.drop_constraint(op.f("ck_reminders_about_one_thing"), "reminders", type_="check")
    op.drop_column("reminders", "appointment_id")
    op.alter_column("reminders", "checkin_id", existing_type=sa.UUID(), nullable=False)
    op.drop_table("encounter_addenda")
    op.execute("UPDATE encounters SET pdmp_checked_at = signed_at WHERE pdmp_checked_at IS NULL")
    op.alter_column("encounters", "pdmp_checked_at", existing_type=sa.DateTime(timezone=True), nullable=False)
    for column in (
        "attestation_id",
        "follow_up_on",
        "ended_at",
        "started_at",
        "em_code",
        "pdmp_finding",
        "identity_method",
        "practitioner_state",
        "patient_county",
        "payment_source",
        "kind",
        "record_sealed",
    ):
        op.drop_column("encounters", column)
    op.drop_table("location_attestations")
    op.drop_constraint("ex_appointments_no_double_booking", "appointments")
    op.drop_index("ix_appointments_taken", table_name="appointments")
    op.drop_index("uq_appointments_one_held", table_name="appointments", postgresql_where=sa.text(HELD))
    op.drop_index("ix_appointments_ahead", table_name="appointments", postgresql_where=sa.text(BOOKED))
    op.drop_index("ix_appointments_remind_at", table_name="appointments", postgresql_where=sa.text(BOOKED))
    op.drop_index("ix_appointments_held_until", table_name="appointments", postgresql_where=sa.text(HELD))
    op.drop_constraint(op.f("ck_appointments_held_until_when"), "appointments", type_="check")
    op.execute("UPDATE appointments SET status = 'cancelled' WHERE status IN ('held', 'let_go')")
    op.drop_constraint(op.f("ck_appointments_status"), "appointments", type_="check")
    op.create_check_constraint(op.f("ck_appointments_status"), "appointments", STATUS.format(BEFORE))
    op.execute(EXCLUDE.format(taking="status = 'booked'"))
    for column in (
        "changed_from_id",
        "needs_sealed",
        "needs",
        "physician_asked",
        "room",
        "ended_at",
        "handed_at",
        "by_phone_at",
        "remind_at",
        "held_until",
    ):
        op.drop_column("appointments", column)
    op.drop_table("schedule_exceptions")
    op.drop_table("license_notices")
    op.drop_column("licenses", "ended_at")
    op.drop_column("licenses", "source")
    for column in ("phone", "npi", "board"):
        op.drop_column("practitioners", column)
