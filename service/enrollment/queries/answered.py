"""Stored answers and rules in the words that were asked and said: for clinicians, and for a patient's own copy."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from service.catalog.rules.questionnaires import Question
from service.catalog.rules.whole import Catalog
from service.enrollment.queries.assessments import questionnaire
from service.enrollment.rules.eligibility import Answer
from service.kit import format


@dataclass(frozen=True, slots=True)
class AnswerLine:
    """A question as it was asked and the answer in words."""

    question: str
    answer: str


@dataclass(frozen=True, slots=True)
class RuleLine:
    """A screening rule that an answer set off."""

    rule_id: str
    result: str
    reason: str


def answer_lines(catalog: Catalog, answers: dict[str, Answer]) -> tuple[AnswerLine, ...]:
    """Every answer, in the order of the questions; those to questions no longer asked last: none may be missed."""
    asked = [question.id for question in questionnaire(catalog).questions]
    order = sorted(answers, key=lambda name: asked.index(name) if name in asked else len(asked))
    return tuple(AnswerLine(*said(catalog, name, answers[name])) for name in order)


def said(catalog: Catalog, question_id: str, answer: Answer) -> tuple[str, str]:
    """One question and its answer in words; as they were stored where the question is no longer asked."""
    question = questionnaire(catalog).question(question_id)
    if question is None:
        return question_id, answer if isinstance(answer, str) else ", ".join(answer)
    return question.text, in_words(question, answer)


def rule_lines(catalog: Catalog, rule_ids: Iterable[str]) -> tuple[RuleLine, ...]:
    """The rules that were set off, worst first as they were stored; a rule of earlier questions by its name alone."""
    rules = questionnaire(catalog).rules
    known = {name: RuleLine(name, rule.result, rule.reason) for name, rule in rules.items()}
    return tuple(known.get(name, RuleLine(name, "", "")) for name in rule_ids)


def in_words(question: Question, answer: Answer) -> str:
    """The answer as its choices say it; what was typed, where there are none."""
    if question.kind == "date" and isinstance(answer, str):
        return format.day(date.fromisoformat(answer), "long")
    if question.kind == "readings":
        return ", ".join(answer) or "None entered"
    values = [answer] if isinstance(answer, str) else list(answer)
    chosen = [question.choice(value) for value in values]
    return ", ".join(choice.label if choice else value for choice, value in zip(chosen, values, strict=True))
