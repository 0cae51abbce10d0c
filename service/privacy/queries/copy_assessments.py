"""Of a copy: what was answered on the way in, what we told of it, and whether a person was asked to look."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from service.catalog.rules.questionnaires import Questionnaire
from service.catalog.rules.whole import Catalog
from service.enrollment.models import Assessment, AssessmentTurn, ReviewRequest
from service.enrollment.queries.answered import answer_lines, said
from service.enrollment.queries.assessments import opened, questionnaire, rules_hit
from service.enrollment.queries.attempts import opened_turn
from service.kit import crypto
from service.privacy.queries.copy_care import program_name
from service.privacy.rules import Entry, Section

OUTCOMES = {
    "emergency": "We showed you where to get help at once",
    "not_eligible": "At-home treatment is not a good fit right now",
    "clinician_review": "A clinician needs to look at your answers",
    "eligible": "You may qualify",
}


def assessments(session: Session, patient_id: UUID, catalog: Catalog) -> Section:
    """What you answered, question by question, and what we showed you."""
    form = questionnaire(catalog)
    query = select(Assessment).where(Assessment.patient_id == patient_id).order_by(Assessment.started_at)
    entries = [
        {
            "started_at": row.started_at,
            "sent_at": row.submitted_at,
            "program": program_name(catalog, row.program),
            "outcome": row.outcome,
            "what_we_told_you": [OUTCOMES.get(row.outcome or "", ""), *_reasons(form, row)],
            "questions_version": row.questionnaire_version,
            "rules_version": row.ruleset_version,
            "answers": [
                {"question": line.question, "answer": line.answer} for line in answer_lines(catalog, opened(row))
            ],
            "changed_answers": _changed(session, catalog, row),
            "looked_at_by_a_person": _looked_at(session, row),
        }
        for row in session.scalars(query)
    ]
    return Section("assessments", "Your assessment", entries)


def _reasons(form: Questionnaire, row: Assessment) -> list[str]:
    """The reasons as the result's page gave them."""
    rules = [form.rules[rule_id] for rule_id in rules_hit(row) if rule_id in form.rules]
    return list(dict.fromkeys(rule.reason for rule in rules if rule.result == row.outcome))


def _changed(session: Session, catalog: Catalog, row: Assessment) -> list[Entry]:
    """Answers of this attempt, or of one shortly before, that were others then and stood in the way."""
    query = select(AssessmentTurn).where(AssessmentTurn.assessment_id == row.id).order_by(AssessmentTurn.at)
    told: list[Entry] = []
    for turn in session.scalars(query):
        opened_one = opened_turn(turn)
        question, answer = said(catalog, opened_one.question_id, opened_one.before)
        told.append({"question": question, "answer_before": answer, "changed_at": turn.at})
    return told


def _looked_at(session: Session, row: Assessment) -> list[Entry]:
    """That you asked, what you wrote, and the answer. A clinician's note stays out, like the reason of a decision."""
    query = select(ReviewRequest).where(ReviewRequest.assessment_id == row.id)
    return [
        {
            "asked_at": request.asked_at,
            "you_wrote": crypto.unseal(request.words_sealed, "review_requests", "words", request.id)
            if request.words_sealed is not None
            else "",
            "answered_at": request.answered_at,
            "answer": {"opened": "You may talk with a clinician", "stands": "The result stands"}.get(
                request.verdict or "", ""
            ),
        }
        for request in session.scalars(query)
    ]
