"""Where somebody stands in the free assessment."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from service.catalog.queries import place_of_zip
from service.catalog.rules.places import PlaceAnswer
from service.catalog.rules.questionnaires import Question, Questionnaire
from service.catalog.rules.whole import Catalog
from service.enrollment.models import Assessment, ReviewRequest
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
GATES = frozenset({"G-AGE", "G-RES", "G-POLICY"})  # no clinician could open these
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
    holds: frozenset[str]  # codes of config/alerts.toml
    outdated: bool
    place: PlaceAnswer | None
    asked: tuple[Question, ...]
    next: Question | None
    screened: ScreeningResult
    program: str | None
    review: str | None  # None: nobody asked for one; "asked", "opened" or "stands"

    @property
    def may_join(self) -> bool:
        """May an account be made from it? The same answer the action gives under its lock."""
        return leads_to_account(self.outcome, self.rule_ids, self.review) and not self.claimed and not self.holds

    @property
    def goes_on(self) -> bool:
        """Is something left to do for whoever began it?"""
        return self.outcome is None and not self.claimed and not self.outdated

    @property
    def may_ask_for_review(self) -> bool:
        """A clinical no may be looked at by a person, once; age, place and law leave nothing to look at."""
        clinical = self.outcome == "not_eligible" and GATES.isdisjoint(self.rule_ids)
        return clinical and self.review is None and not self.claimed and not self.holds

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


def rules_hit(row: Assessment) -> tuple[str, ...]:
    """The ids of the rules it set off, unsealed, worst first; none before it is sent."""
    if row.rule_ids_sealed is None:
        return tuple(row.rule_ids_clear)
    return tuple(crypto.unseal_json(row.rule_ids_sealed, "assessments", "rule_ids", row.id))


def details(session: Session, catalog: Catalog, row: Assessment, now: datetime) -> AssessmentDetails:
    """What `row` comes to on this day."""
    form, answers = questionnaire(catalog), opened(row)
    place = place_of(catalog, answers)
    return AssessmentDetails(
        id=row.id,
        answers=answers,
        revision=row.revision,
        outcome=row.outcome,
        rule_ids=rules_hit(row),
        submitted_at=row.submitted_at,
        claimed=row.patient_id is not None,
        holds=safety.assessment_holds(session, row.id),
        outdated=(row.questionnaire_version, row.ruleset_version) != (form.version, form.ruleset),
        place=place,
        asked=questions_asked(form, answers, place),
        next=next_question(form, answers, place=place, now=now, policies=catalog.policies),
        screened=screen(form, answers, place=place, now=now, policies=catalog.policies),
        program=program_of(form, answers),
        review=review_of(session, row.id),
    )


def leads_to_account(outcome: str | None, rule_ids: Collection[str], review: str | None) -> bool:
    """ "You may qualify", "a clinician looks first", or a clinical no that a clinician has opened after all."""
    return outcome in MAY_JOIN or (outcome == "not_eligible" and review == "opened" and GATES.isdisjoint(rule_ids))


def review_of(session: Session, assessment_id: UUID) -> str | None:
    """Whether a person was asked to look at it, and what came of that: None, "asked", "opened" or "stands"."""
    query = select(ReviewRequest.verdict).where(ReviewRequest.assessment_id == assessment_id)
    found = session.execute(query).one_or_none()
    return None if found is None else found.verdict or "asked"


def used_up(token: str) -> bytes:
    """What stands in the place of the token's hash once somebody joined with it, whatever came of that.

    Nobody can make a token that opens it, so the answers are no longer read or used again by whoever holds the link.
    """
    return crypto.index(token, "assessment used up")


def by_token(session: Session, catalog: Catalog, token: str, now: datetime) -> AssessmentDetails | None:
    """The assessment whose secret `token` is. None when there is none, it is 30 days old, or was joined with."""
    row = session.scalars(select(Assessment).where(Assessment.token_hash == token_hash(token))).one_or_none()
    if row is None or row.patient_id is not None or _too_old(row, now):
        return None
    return details(session, catalog, row, now)


def _too_old(row: Assessment, now: datetime) -> bool:
    """A link that was mailed later, because a person looked, still has its own time."""
    return now - row.started_at > LINK_LIFE and (row.link_until is None or now > row.link_until)


def by_link(session: Session, link: str, now: datetime, *, lock: bool = False) -> Assessment | None:
    """The assessment whose mailed link this is, while the link works and nobody has joined with it."""
    query = select(Assessment).where(Assessment.link_hash == token_hash(link))
    row = session.scalars(query.with_for_update() if lock else query).one_or_none()
    if row is None or row.patient_id is not None or row.link_until is None or now > row.link_until:
        return None
    return row


def joined_with(session: Session, catalog: Catalog, token: str, now: datetime) -> AssessmentDetails | None:
    """The assessment that somebody joined with, for one purpose: an emergency told late is heard all the same."""
    row = session.scalars(select(Assessment).where(Assessment.token_hash == used_up(token))).one_or_none()
    return None if row is None else details(session, catalog, row, now)
