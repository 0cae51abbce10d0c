"""Clinicians, their licences and open hours, what was booked, and what they recorded."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, ForeignKey, Identity, Index, Integer, Time, UniqueConstraint, func, text
from sqlalchemy.dialects.postgresql import ARRAY, TEXT, TSTZRANGE, ExcludeConstraint, Range
from sqlalchemy.orm import Mapped, mapped_column

from service.kit.db import Base


class Practitioner(Base):
    """A clinician as patients see them. `number` exists for the exclusion constraint below."""

    __tablename__ = "practitioners"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(Integer, Identity(always=True), unique=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"), unique=True)
    display_name: Mapped[str]  # public: patients must be told who treats them
    credentials: Mapped[str]
    time_zone: Mapped[str]
    left_on: Mapped[date | None]
    board: Mapped[str] = mapped_column(default="")  # the certifying board, named wherever "board-certified" is
    npi: Mapped[str] = mapped_column(default="")
    phone: Mapped[str] = mapped_column(default="")  # E.164: patients must be told how to reach who treats them


class LicenseRecord(Base):
    """A state licence, or a DEA or CDS registration for a state. It counts up to the day before `expires_on`."""

    __tablename__ = "licenses"
    __table_args__ = (UniqueConstraint("practitioner_id", "state", "kind"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    practitioner_id: Mapped[UUID] = mapped_column(ForeignKey("practitioners.id"))
    state: Mapped[str]
    kind: Mapped[str]
    number: Mapped[str]
    expires_on: Mapped[date]
    verified_at: Mapped[datetime]
    source: Mapped[str] = mapped_column(default="")  # where it was looked up
    ended_at: Mapped[datetime | None]  # suspended, surrendered or entered by mistake: counts no longer


class LicenseNotice(Base):
    """That somebody was told of a licence running out: once for each step of each expiry."""

    __tablename__ = "license_notices"
    __table_args__ = (UniqueConstraint("license_id", "expires_on", "days_before"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    license_id: Mapped[UUID] = mapped_column(ForeignKey("licenses.id"))
    expires_on: Mapped[date]
    days_before: Mapped[int]
    told_at: Mapped[datetime]


class OpenHours(Base):
    """A weekly stretch of time that may be booked, in the practitioner's zone. Monday is 0."""

    __tablename__ = "open_hours"
    __table_args__ = (
        CheckConstraint("weekday BETWEEN 0 AND 6", name="weekday"),
        CheckConstraint("starts < ends", name="forwards"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    practitioner_id: Mapped[UUID] = mapped_column(ForeignKey("practitioners.id"), index=True)
    weekday: Mapped[int]
    starts: Mapped[time] = mapped_column(Time)
    ends: Mapped[time] = mapped_column(Time)


class ScheduleException(Base):
    """A day that is not like the others: closed, closed for a while (`starts` to `ends`), or open for longer."""

    __tablename__ = "schedule_exceptions"
    __table_args__ = (
        CheckConstraint("(starts IS NULL) = (ends IS NULL)", name="both_or_neither"),
        CheckConstraint("starts < ends", name="forwards"),
        CheckConstraint("NOT opens OR starts IS NOT NULL", name="open_from_when"),
        Index("ix_schedule_exceptions_day", "practitioner_id", "on_day"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    practitioner_id: Mapped[UUID] = mapped_column(ForeignKey("practitioners.id"))
    on_day: Mapped[date]  # on the practitioner's own calendar
    opens: Mapped[bool]
    starts: Mapped[time | None] = mapped_column(Time)
    ends: Mapped[time | None] = mapped_column(Time)


class Appointment(Base):
    """A booked or held time. The database itself refuses two that overlap for one practitioner, and a patient's second.

    A hold lasts to `held_until`; whoever takes its place releases it first, and a tick releases the rest.
    """

    __tablename__ = "appointments"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    practitioner_id: Mapped[UUID] = mapped_column(ForeignKey("practitioners.id"))
    practitioner_number: Mapped[int]
    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patients.id"), index=True)
    kind: Mapped[str]
    during: Mapped[Range[datetime]] = mapped_column(TSTZRANGE)
    status: Mapped[str]
    booked_at: Mapped[datetime]
    held_until: Mapped[datetime | None]
    room: Mapped[str | None] = mapped_column(unique=True)  # the name of the video room: random, says nothing
    physician_asked: Mapped[bool] = mapped_column(default=False)  # N.J.S.A. 45:1-62 lets patients ask for one
    accommodations_sealed: Mapped[bytes | None]  # captions, an interpreter, more time: keys of rules.day.NEEDS
    needs_clear: Mapped[list[str]] = mapped_column("needs", ARRAY(TEXT), default=list)  # see keeping.clear
    needs_sealed: Mapped[bytes | None]  # in their own words
    changed_from_id: Mapped[UUID | None] = mapped_column(ForeignKey("appointments.id"))
    handed_at: Mapped[datetime | None]  # when it last went to another clinician
    remind_at: Mapped[datetime | None]  # when the planner of reminders looks at it again
    by_phone_at: Mapped[datetime | None]  # since when it goes on by phone, because video failed
    ended_at: Mapped[datetime | None]  # finished, cancelled, missed or let go: when

    __table_args__: Any = (
        CheckConstraint("status IN ('held', 'booked', 'finished', 'cancelled', 'missed', 'let_go')", name="status"),
        CheckConstraint("status <> 'held' OR held_until IS NOT NULL", name="held_until_when"),
        ExcludeConstraint(
            # A one-element range, because GiST compares plain integers only with an extension.
            (
                func.int4range(Column("practitioner_number", Integer), Column("practitioner_number", Integer), "[]"),
                "&&",
            ),
            (Column("during", TSTZRANGE), "&&"),
            where=text("status IN ('held', 'booked')"),
            name="ex_appointments_no_double_booking",
            using="gist",
        ),
        Index("uq_appointments_one_booked", "patient_id", unique=True, postgresql_where=text("status = 'booked'")),
        # Whose calendar is filled with what: the constraint's index is read by time, over everybody's visits.
        Index("ix_appointments_taken", "practitioner_id", postgresql_where=text("status IN ('held', 'booked')")),
        Index("uq_appointments_one_held", "patient_id", unique=True, postgresql_where=text("status = 'held'")),
        Index("ix_appointments_held_until", "held_until", postgresql_where=text("status = 'held'")),
        Index("ix_appointments_remind_at", "remind_at", postgresql_where=text("status = 'booked'")),
        Index("ix_appointments_ahead", text("lower(during)"), postgresql_where=text("status = 'booked'")),
    )


class LocationAttestation(Base):
    """Where a patient says they are, at a visit: telehealth law follows the body, not the address. Only added."""

    __tablename__ = "location_attestations"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patients.id"), index=True)
    appointment_id: Mapped[UUID | None] = mapped_column(ForeignKey("appointments.id"), index=True)
    state: Mapped[str]  # a USPS code; "elsewhere" outside of the United States
    county_fips: Mapped[str]  # empty where we do not work
    at_home_address: Mapped[bool]  # help would be sent to the address on file
    emergency_address_sealed: Mapped[bytes | None]  # where else it would be sent
    callback_sealed: Mapped[bytes | None]  # E.164: where we call if the picture fails
    attested_at: Mapped[datetime]


class Encounter(Base):
    """What a clinician recorded of a visit, signed as it is written. The app role can only add rows.

    `record_sealed` is the whole record as JSON; columns beside it are what rules and New Jersey's report ask for.
    """

    __tablename__ = "encounters"
    __table_args__ = (CheckConstraint("modality IN ('video', 'audio', 'in_person')", name="modality"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    appointment_id: Mapped[UUID] = mapped_column(ForeignKey("appointments.id"), unique=True)
    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patients.id"), index=True)
    practitioner_id: Mapped[UUID] = mapped_column(ForeignKey("practitioners.id"))
    license_id: Mapped[UUID] = mapped_column(ForeignKey("licenses.id"))
    modality: Mapped[str]
    patient_state: Mapped[str]
    identity_checked: Mapped[bool]
    physician_option_disclosed: Mapped[bool]
    pdmp_system: Mapped[str]
    pdmp_checked_at: Mapped[datetime | None]  # a follow-up that prescribes nothing asks nobody
    in_person_exam_on: Mapped[date | None]
    notes_sealed: Mapped[bytes]
    signed_by: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    signed_at: Mapped[datetime]
    sha256: Mapped[str]
    record_sealed: Mapped[bytes | None]  # None for those signed before there was more than notes
    kind: Mapped[str] = mapped_column(default="consultation")
    started_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    patient_county: Mapped[str] = mapped_column(default="")  # FIPS
    practitioner_state: Mapped[str] = mapped_column(default="")
    attestation_id: Mapped[UUID | None] = mapped_column(ForeignKey("location_attestations.id"))
    identity_method: Mapped[str] = mapped_column(default="")
    pdmp_finding_clear: Mapped[str] = mapped_column("pdmp_finding", default="")  # as signed: in the record alone
    em_code_clear: Mapped[str] = mapped_column("em_code", default="")
    payment_source: Mapped[str] = mapped_column(default="self_pay")
    follow_up_on: Mapped[date | None]


class EncounterAddendum(Base):
    """A correction or an afterthought to a signed encounter, signed in its turn. Only added."""

    __tablename__ = "encounter_addenda"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    encounter_id: Mapped[UUID] = mapped_column(ForeignKey("encounters.id"), index=True)
    text_sealed: Mapped[bytes]
    signed_by: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    signed_at: Mapped[datetime]
    sha256: Mapped[str]
