"""Taking the free assessment: start, one answer at a time, send."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from service.audit import writes as audit
from service.catalog.rules.places import AskCounty, Found
from service.catalog.rules.questionnaires import Question
from service.catalog.rules.whole import Catalog
from service.enrollment.models import Assessment
from service.enrollment.queries.assessments import details, opened, place_of, questionnaire, used_up
from service.enrollment.queries.attempts import latest_of
from service.enrollment.rules.answers import validate_answer
from service.enrollment.rules.eligibility import (
    OUTCOMES,
    Answer,
    ScreeningResult,
    decide,
    fitting,
    local_day,
    next_question,
    screen,
)
from service.enrollment.rules.emergencies import emergency_choices, emergency_rules_of
from service.enrollment.rules.nudge import NUDGE_AFTER
from service.enrollment.writes import assessments as writes
from service.kit import crypto, db
from service.kit.actor import Actor
from service.kit.errors import NotFound, Rejected, words
from service.kit.ids import new_id, new_token, token_hash

DISCLAIMER_VERSION = "1"
GONE = NotFound("assessment_gone", words("We could not find those answers. You can start again at any time."))

QUESTIONS_CHANGED = Rejected("questions_changed", words("Our questions have changed since you began. Start again."))


@dataclass(frozen=True, slots=True)
class Saved:
    """What became of an answer. `next_id` is the page that follows, None when there is none left.

    `changed_elsewhere`: another tab gave this question another answer meanwhile; nothing was saved.
    """

    emergency: bool = False
    ended: bool = False
    changed_elsewhere: bool = False
    next_id: str | None = None


def start(*, catalog: Catalog, locale: str, actor: Actor, now: datetime, earlier: str | None = None) -> str:
    """Begin an assessment. Returns its secret: whoever holds it may read and go on with the answers.

    `earlier` is the secret of the attempt that this browser holds; a patient's own attempts are known by who they are.
    """
    token, row_id, form = new_token(), new_id(), questionnaire(catalog)
    with db.transaction() as session:
        session.add(
            Assessment(
                id=row_id,
                token_hash=token_hash(token),
                questionnaire_version=form.version,
                ruleset_version=form.ruleset,
                disclaimer_version=DISCLAIMER_VERSION,
                answers_sealed=crypto.seal_json({}, "assessments", "answers", row_id),
                locale=locale,
                started_at=now,
                earlier_id=latest_of(session, token=earlier, patient_id=actor.patient_id),
            )
        )
        audit.record(session, actor, "assessment.start", "assessment", row_id)
    return token


def save_answer(
    *, token: str, question_id: str, sent: Sequence[str], revision: int, catalog: Catalog, actor: Actor, now: datetime
) -> Saved:
    """Keep one answer. `revision` is the one the page was drawn from.

    An emergency is heard first, whatever else is wrong with what was sent: it ends the assessment and writes the
    alert and the hold in this same transaction. A gate no clinician could open ends it too.
    Raises Rejected with a sentence for the person, NotFound when there is no such assessment.
    """
    form = questionnaire(catalog)
    question = form.question(question_id)
    with db.transaction() as session:
        row = locked_by(session, token)
        urgent = emergency_choices(form, question, sent) if question else []
        if question and urgent:
            _emergency(session, catalog, row, question, urgent, actor, now)
            return Saved(emergency=True, ended=True)
        here = details(session, catalog, row, now)
        if row.submitted_at is not None:
            return Saved(emergency=row.outcome == "emergency", ended=True)
        if here.outdated:
            raise QUESTIONS_CHANGED
        if question is None or not here.reachable(question):
            return Saved(next_id=here.next.id if here.next else None)
        known_place = here.place if isinstance(here.place, Found | AskCounty) else None
        answer = validate_answer(
            question,
            sent,
            today=local_day(here.place, now),
            states=catalog.states,
            state=known_place.state if known_place else None,
            zip_code=known_place.zip_code if known_place else "",
        )
        known = here.answers.get(question.id)
        if revision != row.revision and known is not None and known != answer:
            return Saved(changed_elsewhere=True)
        answers = _with(catalog, here.answers, question.id, answer)
        place = place_of(catalog, answers)
        if answers != here.answers:
            writes.turned(session, catalog, row, here.answers, answers, now)
            writes.keep(row, answers)
            row.nudge_at = now + NUDGE_AFTER if row.nudge_at else None  # they are here still
        result = screen(form, answers, place=place, now=now, policies=catalog.policies)
        if result.ends:
            writes.finish(session, catalog, row, answers, result, actor, now)
            return Saved(ended=True)
        following = next_question(form, answers, place=place, now=now, policies=catalog.policies)
        return Saved(next_id=following.id if following else None)


def submit(*, token: str, catalog: Catalog, actor: Actor, now: datetime) -> str:
    """Send the answers and work out the outcome. A second time gives the first outcome.

    Raises Rejected("assessment_unfinished") while a question is open, Rejected("questions_changed") when the questions
    are others by now, NotFound when there is no such assessment.
    """
    with db.transaction() as session:
        row = locked_by(session, token)
        if row.outcome is not None:
            return row.outcome
        if details(session, catalog, row, now).outdated:
            raise QUESTIONS_CHANGED
        answers, form = opened(row), questionnaire(catalog)
        place = place_of(catalog, answers)
        result = decide(form, answers, place=place, now=now, policies=catalog.policies)
        writes.finish(session, catalog, row, answers, result, actor, now)
        return result.outcome


def locked_by(session: Session, token: str) -> Assessment:
    """The assessment whose secret `token` is, or was until somebody joined with it. Raises NotFound."""
    mine = Assessment.token_hash.in_([token_hash(token), used_up(token)])  # an emergency is heard after joining, too
    row = session.scalars(select(Assessment).where(mine).with_for_update()).one_or_none()
    if row is None:
        raise GONE
    return row


def _with(catalog: Catalog, answers: dict[str, Answer], question_id: str, answer: Answer) -> dict[str, Answer]:
    changed = {**answers, question_id: answer}
    if question_id == "zip" and answers.get("zip") != answer:
        changed.pop("county", None)  # it belonged to the other ZIP code
    return fitting(questionnaire(catalog), changed, place_of(catalog, changed))


def _emergency(
    session: Session,
    catalog: Catalog,
    row: Assessment,
    question: Question,
    urgent: list[str],
    actor: Actor,
    now: datetime,
) -> None:
    """Help is called for whatever else stands there, also by a page that is not asked or that is asked no more.

    An assessment that was sent before keeps its outcome; the alert and the hold stand all the same.
    """
    form, answers = questionnaire(catalog), opened(row)
    answers[question.id] = urgent[0] if question.kind == "radios" else urgent
    others = screen(form, answers, place=place_of(catalog, answers), now=now, policies=catalog.policies)
    called = emergency_rules_of(form, question, urgent)
    hits = tuple(dict.fromkeys((*called, *others.hits)))
    result = ScreeningResult("emergency", tuple(sorted(hits, key=lambda rule: OUTCOMES.index(rule.result))))
    if row.submitted_at is None:
        writes.keep(row, answers)
        writes.finish(session, catalog, row, answers, result, actor, now)
    else:
        writes.sound(session, catalog, row, result, actor, now)
