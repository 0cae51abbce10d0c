"""Clinicians, their licences and open hours, what was booked, and what they recorded."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, ForeignKey, Identity, Index, Integer, Time, UniqueConstraint, func, text
from sqlalchemy.dialects.postgresql import TSTZRANGE, ExcludeConstraint, Range
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


class LicenseRecord(Base):
    """A state licence. Signing is possible up to the day before `expires_on`."""

    __tablename__ = "licenses"
    __table_args__ = (UniqueConstraint("practitioner_id", "state", "kind"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    practitioner_id: Mapped[UUID] = mapped_column(ForeignKey("practitioners.id"))
    state: Mapped[str]
    kind: Mapped[str]
    number: Mapped[str]
    expires_on: Mapped[date]
    verified_at: Mapped[datetime]


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


class Appointment(Base):
    """A booked time. The database itself refuses two that overlap for one practitioner, and a patient's second."""

    __tablename__ = "appointments"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    practitioner_id: Mapped[UUID] = mapped_column(ForeignKey("practitioners.id"))
    practitioner_number: Mapped[int]
    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patients.id"), index=True)
    kind: Mapped[str]
    during: Mapped[Range[datetime]] = mapped_column(TSTZRANGE)
    status: Mapped[str]
    booked_at: Mapped[datetime]

    __table_args__: Any = (
        CheckConstraint("status IN ('booked', 'finished', 'cancelled', 'missed')", name="status"),
        ExcludeConstraint(
            # A one-element range, because GiST compares plain integers only with an extension.
            (
                func.int4range(Column("practitioner_number", Integer), Column("practitioner_number", Integer), "[]"),
                "&&",
            ),
            (Column("during", TSTZRANGE), "&&"),
            where=text("status = 'booked'"),
            name="ex_appointments_no_double_booking",
            using="gist",
        ),
        Index("uq_appointments_one_booked", "patient_id", unique=True, postgresql_where=text("status = 'booked'")),
    )


class Encounter(Base):
    """What a clinician recorded of a visit, signed as it is written. The app role can only add rows."""

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
    pdmp_checked_at: Mapped[datetime]
    in_person_exam_on: Mapped[date | None]
    notes_sealed: Mapped[bytes]
    signed_by: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    signed_at: Mapped[datetime]
    sha256: Mapped[str]
