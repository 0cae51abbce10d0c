"""One person's attempts at the assessment, as far as a browser, an address or an account ties them together."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from service.catalog.rules.whole import Catalog
from service.enrollment.models import Assessment, AssessmentTurn
from service.enrollment.queries.answered import said
from service.enrollment.queries.assessments import used_up
from service.enrollment.rules.eligibility import Answer
from service.enrollment.rules.turns import Turn
from service.kit import crypto
from service.kit.ids import token_hash

MOST = 20  # attempts that are looked at: more is somebody playing


@dataclass(frozen=True, slots=True)
class TurnLine:
    """An answer that stood in the way and then did not. `other_attempt`: it stood in an earlier attempt."""

    question: str
    before: str
    rule_ids: tuple[str, ...]
    at: datetime
    other_attempt: bool


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt, as a clinician reads of it."""

    started_at: datetime
    submitted_at: datetime | None
    outcome: str | None
    this_one: bool


@dataclass(frozen=True, slots=True)
class Attempts:
    """Every attempt that is tied to one assessment, newest first, and the answers that turned."""

    attempts: tuple[Attempt, ...]
    turns: tuple[TurnLine, ...]


def attempts_before(session: Session, row: Assessment) -> Iterator[Assessment]:
    """The attempts before `row`, the nearest first."""
    seen = {row.id}
    here: Assessment | None = row
    while here is not None and here.earlier_id is not None and here.earlier_id not in seen and len(seen) <= MOST:
        here = session.get(Assessment, here.earlier_id)
        if here is not None:
            seen.add(here.id)
            yield here


def latest_of(session: Session, *, token: str | None, patient_id: UUID | None) -> UUID | None:
    """The attempt before a new one: this patient's latest, or the one whose secret this browser holds."""
    mine = [Assessment.patient_id == patient_id] if patient_id else []
    mine += [Assessment.token_hash.in_([token_hash(token), used_up(token)])] if token else []
    if not mine:
        return None
    query = select(Assessment.id).where(or_(*mine)).order_by(Assessment.started_at.desc(), Assessment.id.desc())
    return session.scalar(query.limit(1))


def attempts_of(session: Session, catalog: Catalog, assessment_id: UUID) -> Attempts:
    """What a clinician should know of the attempts around this assessment, later ones too."""
    row = session.get_one(Assessment, assessment_id)
    tied = {one.id: one for one in (row, *attempts_before(session, row))}
    later = {row.id}
    while later and len(tied) <= 2 * MOST:
        following = session.scalars(select(Assessment).where(Assessment.earlier_id.in_(later)).limit(MOST))
        fresh = {one.id: one for one in following if one.id not in tied}
        tied |= fresh
        later = set(fresh)
    turned = session.scalars(
        select(AssessmentTurn).where(AssessmentTurn.assessment_id.in_(tied)).order_by(AssessmentTurn.at)
    )
    newest_first = sorted(tied.values(), key=lambda one: one.started_at, reverse=True)
    return Attempts(
        attempts=tuple(
            Attempt(one.started_at, one.submitted_at, one.outcome, one.id == assessment_id) for one in newest_first
        ),
        turns=tuple(
            TurnLine(*said(catalog, turn.question_id, turn.before), turn.rule_ids, one.at, one.earlier_id is not None)
            for one in turned
            for turn in [opened_turn(one)]
        ),
    )


def opened_turn(row: AssessmentTurn) -> Turn:
    """What turned, unsealed."""
    question, rule_ids = row.question_id_clear, row.rule_ids_clear
    if row.question_sealed is not None:
        question = crypto.unseal(row.question_sealed, "assessment_turns", "question", row.id)
    if row.rule_ids_sealed is not None:
        rule_ids = crypto.unseal_json(row.rule_ids_sealed, "assessment_turns", "rule_ids", row.id)
    before: Answer = crypto.unseal_json(row.before_sealed, "assessment_turns", "before", row.id)
    return Turn(question, before, tuple(rule_ids))
