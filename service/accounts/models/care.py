"""Who looks after whom, and who broke the glass to look all the same. Wall time."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from service.kit.db import Base


class CareTeamMember(Base):
    """A member of staff who looks after a patient, why, and until when."""

    __tablename__ = "care_team_members"
    __table_args__ = (
        Index(
            "uq_care_team_members_standing",
            "patient_id",
            "user_id",
            unique=True,
            postgresql_where=text("until IS NULL"),
        ),
        Index("ix_care_team_members_user_id", "user_id", postgresql_where=text("until IS NULL")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patients.id"))
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    why: Mapped[str]  # a code: visit, took, alert, assigned
    since: Mapped[datetime]
    until: Mapped[datetime | None]


class BreakGlass(Base):
    """A look at a record by somebody outside the care team: why, for how long, and what the review said."""

    __tablename__ = "break_glass"
    __table_args__ = (
        CheckConstraint("(reviewed_at IS NULL) = (reviewed_by IS NULL)", name="reviewed_by_someone"),
        CheckConstraint("reviewed_by <> user_id", name="not_by_oneself"),
        Index("ix_break_glass_open", "user_id", "patient_id", "expires_at"),
        Index("ix_break_glass_unreviewed", "opened_at", postgresql_where=text("reviewed_at IS NULL")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patients.id"))
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    why: Mapped[str] = mapped_column(default="other")  # a code: emergency, covering, asked, other
    reason_sealed: Mapped[bytes]
    opened_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    reviewed_at: Mapped[datetime | None]
    reviewed_by: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    justified: Mapped[bool | None]
    review_sealed: Mapped[bytes | None]
