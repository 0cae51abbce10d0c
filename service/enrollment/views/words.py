"""Answers in the words the person read when they gave them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from flask_babel import get_locale
from flask_babel import gettext as _

from service.catalog.rules.places import AskCounty, Found, PlaceAnswer
from service.catalog.rules.questionnaires import Question
from service.catalog.rules.whole import Catalog
from service.enrollment.queries.assessments import AssessmentDetails
from service.enrollment.rules.eligibility import Answer
from service.kit import format


@dataclass(frozen=True, slots=True)
class AnswerLine:
    """One line of the summary."""

    question_id: str
    question: str
    answer: str


def counties(catalog: Catalog, place: PlaceAnswer | None) -> dict[str, str]:
    """FIPS code to name of every county of the state that the ZIP told."""
    if not isinstance(place, Found | AskCounty):
        return {}
    return {county.fips: county.name for county in catalog.states[place.state].counties}


def counties_to_choose(catalog: Catalog, place: PlaceAnswer | None) -> dict[str, str]:
    """Those of them that the ZIP reaches into, where that is known."""
    if not isinstance(place, Found | AskCounty):
        return {}
    return {county.fips: county.name for county in catalog.states[place.state].counties_of(place.zip_code)}


def summary(catalog: Catalog, here: AssessmentDetails) -> list[AnswerLine]:
    """Every answer so far, in the order of the questions."""
    names = counties(catalog, here.place)
    return [
        AnswerLine(question.id, _(question.text), _said(question, here.answers[question.id], names))
        for question in here.asked
        if question.id in here.answers
    ]


def _said(question: Question, answer: Answer, county_names: dict[str, str]) -> str:
    if question.kind == "readings":
        return ", ".join(answer) or _("None entered")
    if isinstance(answer, list):
        return "; ".join(_(choice.label) for choice in question.choices if choice.value in answer)
    if question.kind == "county":
        return county_names.get(answer, answer)
    if question.kind == "date":
        return format.day(date.fromisoformat(answer), "long", str(get_locale() or "en"))
    choice = question.choice(answer)
    return _(choice.label) if choice else answer
