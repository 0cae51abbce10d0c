"""Assessments and what became of them, enrollments and how they moved, decisions, and the waitlist."""

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
        Index("ix_assessments_link_wanted", "link_wanted_at", postgresql_where=text("link_wanted_at IS NOT NULL")),
        Index("ix_assessments_nudge", "nudge_at", postgresql_where=text("nudge_at IS NOT NULL")),
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
    rule_ids_sealed: Mapped[bytes | None]  # the rules it set off, worst first; None until it is sent
    rule_ids_clear: Mapped[list[str]] = mapped_column("rule_ids", ARRAY(TEXT), default=list)  # see keeping.clear
    locale: Mapped[str]
    started_at: Mapped[datetime]
    submitted_at: Mapped[datetime | None]
    earlier_id: Mapped[UUID | None] = mapped_column(  # the attempt before
        ForeignKey("assessments.id", ondelete="SET NULL"), index=True
    )
    contact_sealed: Mapped[bytes | None]  # an e-mail address, left to go on elsewhere: for that alone
    contact_index: Mapped[bytes | None] = mapped_column(index=True)
    link_hash: Mapped[bytes | None] = mapped_column(unique=True)  # the mailed link, beside the browser's own token
    link_until: Mapped[datetime | None]
    link_wanted_at: Mapped[datetime | None]  # somebody asked for the link, and no worker has looked yet
    nudge_at: Mapped[datetime | None]  # they asked to be reminded once; None again when that is done or void
    nudged_at: Mapped[datetime | None]
    do_not_market: Mapped[bool] = mapped_column(default=False, server_default=text("false"))  # an emergency: never


class AssessmentTurn(Base):
    """An answer that stood in the way and then did not: in one attempt, or from one attempt to the next. Only added.

    For clinicians' eyes: the question, what was answered before, and the rules of a no that the later answer no longer
    sets off.
    """

    __tablename__ = "assessment_turns"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    assessment_id: Mapped[UUID] = mapped_column(ForeignKey("assessments.id", ondelete="CASCADE"), index=True)
    earlier_id: Mapped[UUID | None] = mapped_column(ForeignKey("assessments.id", ondelete="SET NULL"))
    question_sealed: Mapped[bytes | None]
    rule_ids_sealed: Mapped[bytes | None]
    question_id_clear: Mapped[str] = mapped_column("question_id", default="")
    rule_ids_clear: Mapped[list[str]] = mapped_column("rule_ids", ARRAY(TEXT), default=list)
    before_sealed: Mapped[bytes]
    at: Mapped[datetime]


class ReviewRequest(Base):
    """Someone who was told no asks that a person looks. `verdict`: the no stands, or the way is open after all."""

    __tablename__ = "review_requests"
    __table_args__ = (
        CheckConstraint("verdict IN ('stands', 'opened')", name="verdict"),
        CheckConstraint("(answered_at IS NULL) = (verdict IS NULL)", name="verdict_when_answered"),
        Index("ix_review_requests_open", "asked_at", postgresql_where=text("answered_at IS NULL")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    assessment_id: Mapped[UUID] = mapped_column(ForeignKey("assessments.id", ondelete="CASCADE"), unique=True)
    contact_sealed: Mapped[bytes | None]  # for the answer alone: gone 30 days after it
    words_sealed: Mapped[bytes | None]  # what they would like the clinician to know
    locale: Mapped[str]
    asked_at: Mapped[datetime]
    answered_at: Mapped[datetime | None]
    answered_by: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    verdict: Mapped[str | None]
    note_sealed: Mapped[bytes | None]  # the clinician's, for the record


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
        Index("ix_enrollments_patient", "patient_id", "created_at"),
        Index("ix_enrollments_queue", "status", "status_changed_at", "id"),
        Index("ix_enrollments_queue_state", "state", "status", "status_changed_at", "id"),
        Index(
            "ix_enrollments_queue_owner",
            "owner_id",
            "status",
            "status_changed_at",
            "id",
            postgresql_where=text("status NOT IN ('declined', 'ended')"),
        ),
        Index(
            "ix_enrollments_queue_owner_state",
            "owner_id",
            "state",
            "status",
            "status_changed_at",
            "id",
            postgresql_where=text("status NOT IN ('declined', 'ended')"),
        ),
        Index("ix_enrollments_moving", "moving_since", postgresql_where=text("moving_since IS NOT NULL")),
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
    moving_to: Mapped[str | None]  # another state we serve, where they live by now: a clinician there sees them first
    moving_since: Mapped[datetime | None]  # since when they live in another state, one we serve or not


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
    place: Mapped[str | None]  # the state it goes on in, where that is what changed


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
    """Someone who asked to hear when their state, or a program in it, opens. Confirmed by mail before anything else.

    `program` is empty for a whole state. `told_at`: they heard, once and never again.
    """

    __tablename__ = "waitlist_entries"
    __table_args__ = (
        UniqueConstraint("email_index", "state", "program"),
        Index("ix_waitlist_entries_wanted", "wanted_at", postgresql_where=text("wanted_at IS NOT NULL")),
        Index(
            "ix_waitlist_entries_untold",
            "state",
            "program",
            postgresql_where=text("confirmed_at IS NOT NULL AND left_at IS NULL AND told_at IS NULL"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    email_sealed: Mapped[bytes]
    email_index: Mapped[bytes]
    state: Mapped[str]
    token_hash: Mapped[bytes] = mapped_column(unique=True)
    told_token_hash: Mapped[bytes | None] = mapped_column(unique=True)  # of the link to leave in the mail that tells
    asked_at: Mapped[datetime]
    wanted_at: Mapped[datetime | None]  # somebody asked, and no worker has looked yet
    locale: Mapped[str] = mapped_column(default="en")
    confirmed_at: Mapped[datetime | None]
    left_at: Mapped[datetime | None]
    program: Mapped[str] = mapped_column(default="")
    told_at: Mapped[datetime | None]
