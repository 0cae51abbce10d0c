"""Assessments, enrollments and how they moved, decisions, and the waitlist."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ARRAY, TEXT
from sqlalchemy.orm import Mapped, mapped_column

from service.kit.db import Base


class Assessment(Base):
    """A free self-assessment: anonymous until an account takes it over. Answers are sealed."""

    __tablename__ = "assessments"
    __table_args__ = (
        CheckConstraint("outcome IN ('emergency', 'not_eligible', 'clinician_review', 'eligible')", name="outcome"),
        CheckConstraint("(submitted_at IS NULL) = (outcome IS NULL)", name="outcome_when_submitted"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    token_hash: Mapped[bytes] = mapped_column(unique=True)
    patient_id: Mapped[UUID | None] = mapped_column(ForeignKey("patients.id"), index=True)
    questionnaire_version: Mapped[str]
    ruleset_version: Mapped[str]
    disclaimer_version: Mapped[str]
    program: Mapped[str | None]
    state: Mapped[str | None]
    answers_sealed: Mapped[bytes]
    revision: Mapped[int] = mapped_column(default=0)
    outcome: Mapped[str | None]
    rule_ids: Mapped[list[str]] = mapped_column(ARRAY(TEXT))
    locale: Mapped[str]
    started_at: Mapped[datetime]
    submitted_at: Mapped[datetime | None]


class Enrollment(Base):
    """A patient's way into one program. Its status moves only along enrollment/rules/status.py."""

    __tablename__ = "enrollments"
    __table_args__ = (
        Index(
            "uq_enrollments_one_live",
            "patient_id",
            unique=True,
            postgresql_where=text("status NOT IN ('declined', 'ended')"),
        ),
        Index("ix_enrollments_queue", "status", "status_changed_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patients.id"))
    assessment_id: Mapped[UUID] = mapped_column(ForeignKey("assessments.id"))
    program: Mapped[str]
    state: Mapped[str]
    status: Mapped[str]
    status_changed_at: Mapped[datetime]
    owner_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[datetime]


class EnrollmentMove(Base):
    """One step of an enrollment. Only added."""

    __tablename__ = "enrollment_moves"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    enrollment_id: Mapped[UUID] = mapped_column(ForeignKey("enrollments.id"), index=True)
    event: Mapped[str]
    from_status: Mapped[str]
    to_status: Mapped[str]
    actor_id: Mapped[UUID | None]
    at: Mapped[datetime]


class EligibilityDecision(Base):
    """A clinician's decision, resting on a signed encounter. Only added."""

    __tablename__ = "eligibility_decisions"
    __table_args__ = (CheckConstraint("decision IN ('approve', 'decline', 'more_info')", name="decision"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    enrollment_id: Mapped[UUID] = mapped_column(ForeignKey("enrollments.id"), index=True)
    encounter_id: Mapped[UUID] = mapped_column(ForeignKey("encounters.id"), unique=True)
    practitioner_id: Mapped[UUID] = mapped_column(ForeignKey("practitioners.id"))
    decision: Mapped[str]
    reason_sealed: Mapped[bytes | None]
    decided_at: Mapped[datetime]


class WaitlistEntry(Base):
    """Someone who asked to hear when their state opens. Confirmed by mail before anything else is sent."""

    __tablename__ = "waitlist_entries"
    __table_args__ = (
        UniqueConstraint("email_index", "state"),
        Index("ix_waitlist_entries_wanted", "wanted_at", postgresql_where=text("wanted_at IS NOT NULL")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    email_sealed: Mapped[bytes]
    email_index: Mapped[bytes]
    state: Mapped[str]
    token_hash: Mapped[bytes] = mapped_column(unique=True)
    asked_at: Mapped[datetime]
    wanted_at: Mapped[datetime | None]  # somebody asked, and no worker has looked yet
    locale: Mapped[str] = mapped_column(default="en")
    confirmed_at: Mapped[datetime | None]
    left_at: Mapped[datetime | None]
