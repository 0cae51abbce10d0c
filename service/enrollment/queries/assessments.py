"""Where somebody stands in the free assessment."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from service.catalog.queries import place_of_zip
from service.catalog.rules.places import PlaceAnswer
from service.catalog.rules.questionnaires import Question, Questionnaire
from service.catalog.rules.whole import Catalog
from service.enrollment.models import Assessment
from service.enrollment.rules.eligibility import (
    Answer,
    ScreeningResult,
    next_question,
    program_of,
    questions_asked,
    screen,
)
from service.kit import crypto
from service.kit.ids import token_hash
from service.safety import queries as safety

MAY_JOIN = ("eligible", "clinician_review")
LINK_LIFE = timedelta(days=30)  # business time, from the first page on


@dataclass(frozen=True, slots=True)
class AssessmentDetails:
    """An assessment as its taker may see it, with what the answers so far lead to."""

    id: UUID
    answers: dict[str, Answer]
    revision: int
    outcome: str | None
    rule_ids: tuple[str, ...]
    submitted_at: datetime | None
    claimed: bool
    held: bool
    outdated: bool
    place: PlaceAnswer | None
    asked: tuple[Question, ...]
    next: Question | None
    screened: ScreeningResult
    program: str | None

    @property
    def may_join(self) -> bool:
        """May an account be made from it? The same answer the action gives under its lock."""
        return self.outcome in MAY_JOIN and not self.claimed and not self.held

    def reachable(self, question: Question) -> bool:
        """Was it answered already, or is it the next one?"""
        answered = question.id in self.answers and question in self.asked
        return answered or (self.next is not None and self.next.id == question.id)

    def before(self, question: Question) -> Question | None:
        """The question that the Back link leads to; None for the first."""
        asked = [item.id for item in self.asked]
        position = asked.index(question.id) if question.id in asked else 0
        return self.asked[position - 1] if position else None


def questionnaire(catalog: Catalog) -> Questionnaire:
    """The assessment that the public page offers: the one the clinic's first program leads in with."""
    program = next(iter(catalog.programs.values()))
    return catalog.assessments[program.assessment]


def place_of(catalog: Catalog, answers: dict[str, Answer]) -> PlaceAnswer | None:
    """Where the ZIP (and, where it was asked, the county) of these answers is; None before the ZIP is known."""
    zip_code, county = answers.get("zip"), answers.get("county")
    if not isinstance(zip_code, str):
        return None
    return place_of_zip(catalog, zip_code, county if isinstance(county, str) else None)


def opened(row: Assessment) -> dict[str, Answer]:
    """The answers, unsealed."""
    answers: dict[str, Answer] = crypto.unseal_json(row.answers_sealed, "assessments", "answers", row.id)
    return answers


def details(session: Session, catalog: Catalog, row: Assessment, now: datetime) -> AssessmentDetails:
    """What `row` comes to on this day."""
    form, answers = questionnaire(catalog), opened(row)
    place = place_of(catalog, answers)
    return AssessmentDetails(
        id=row.id,
        answers=answers,
        revision=row.revision,
        outcome=row.outcome,
        rule_ids=tuple(row.rule_ids),
        submitted_at=row.submitted_at,
        claimed=row.patient_id is not None,
        held=safety.assessment_held(session, row.id),
        outdated=(row.questionnaire_version, row.ruleset_version) != (form.version, form.ruleset),
        place=place,
        asked=questions_asked(form, answers, place),
        next=next_question(form, answers, place=place, now=now, policies=catalog.policies),
        screened=screen(form, answers, place=place, now=now, policies=catalog.policies),
        program=program_of(form, answers),
    )


def used_up(token: str) -> bytes:
    """What stands in the place of the token's hash once somebody joined with it, whatever came of that.

    Nobody can make a token that opens it, so the answers are no longer read or used again by whoever holds the link.
    """
    return crypto.index(token, "assessment used up")


def by_token(session: Session, catalog: Catalog, token: str, now: datetime) -> AssessmentDetails | None:
    """The assessment whose secret `token` is. None when there is none, it is 30 days old, or was joined with."""
    row = session.scalars(select(Assessment).where(Assessment.token_hash == token_hash(token))).one_or_none()
    if row is None or row.patient_id is not None or now - row.started_at > LINK_LIFE:
        return None
    return details(session, catalog, row, now)


def joined_with(session: Session, catalog: Catalog, token: str, now: datetime) -> AssessmentDetails | None:
    """The assessment that somebody joined with, for one purpose: an emergency told late is heard all the same."""
    row = session.scalars(select(Assessment).where(Assessment.token_hash == used_up(token))).one_or_none()
    return None if row is None else details(session, catalog, row, now)
