"""Who was told no and asked that a person looks: the list, and one request as a clinician reads it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from service.accounts import queries as accounts
from service.catalog.rules.whole import Catalog
from service.enrollment.models import Assessment, ReviewRequest
from service.enrollment.queries.answered import AnswerLine, RuleLine, answer_lines, rule_lines
from service.enrollment.queries.assessments import opened, rules_hit
from service.enrollment.queries.attempts import Attempts, attempts_of
from service.kit import crypto

LISTED = 100  # on one page; whoever waits longer stands first


@dataclass(frozen=True, slots=True)
class WaitingReview:
    """One line of the list."""

    id: UUID
    state: str
    asked_at: datetime
    waited: timedelta


@dataclass(frozen=True, slots=True)
class ReviewPage:
    """The list, the longest waiting first, and how many wait in all."""

    rows: tuple[WaitingReview, ...]
    waiting: int


@dataclass(frozen=True, slots=True)
class ReviewDetails:
    """One request. Nobody knows who it is from: an address is kept for the answer alone and shown to nobody.

    `patient_id` is set once whoever asked has an account: what they answered is then a part of their record.
    """

    id: UUID
    patient_id: UUID | None
    state: str
    program: str
    asked_at: datetime
    waited: timedelta
    words: str
    hits: tuple[RuleLine, ...]
    answers: tuple[AnswerLine, ...]
    attempts: Attempts
    verdict: str | None
    answered_at: datetime | None
    answered_by: str
    note: str


def waiting_reviews(session: Session, now: datetime) -> ReviewPage:
    """The requests that wait for an answer."""
    open_ = ReviewRequest.answered_at.is_(None)
    query = (
        select(ReviewRequest, Assessment)
        .join(Assessment, Assessment.id == ReviewRequest.assessment_id)
        .where(open_)
        .order_by(ReviewRequest.asked_at, ReviewRequest.id)
        .limit(LISTED)
    )
    rows = [
        WaitingReview(
            request.id,
            row.state or "",
            request.asked_at,
            now - request.asked_at,
        )
        for request, row in session.execute(query)
    ]
    waiting = session.scalar(select(func.count()).select_from(ReviewRequest).where(open_)) or 0
    return ReviewPage(tuple(rows), waiting)


def review_details(session: Session, catalog: Catalog, review_id: UUID, now: datetime) -> ReviewDetails | None:
    """One request with the answers, the rules they set off, and the attempts around them."""
    request = session.get(ReviewRequest, review_id)
    if request is None:
        return None
    row = session.get_one(Assessment, request.assessment_id)
    return ReviewDetails(
        id=request.id,
        patient_id=row.patient_id,
        state=row.state or "",
        program=_program(catalog, row.program),
        asked_at=request.asked_at,
        waited=(request.answered_at or now) - request.asked_at,
        words=_opened(request.words_sealed, "words", request.id),
        hits=rule_lines(catalog, rules_hit(row)),
        answers=answer_lines(catalog, opened(row)),
        attempts=attempts_of(session, catalog, row.id),
        verdict=request.verdict,
        answered_at=request.answered_at,
        answered_by=accounts.display_name(session, request.answered_by) if request.answered_by else "",
        note=_opened(request.note_sealed, "note", request.id),
    )


def _program(catalog: Catalog, key: str | None) -> str:
    program = catalog.programs.get(key or "")
    return program.name if program else key or ""


def _opened(sealed: bytes | None, column: str, row_id: UUID) -> str:
    return crypto.unseal(sealed, "review_requests", column, row_id) if sealed is not None else ""
