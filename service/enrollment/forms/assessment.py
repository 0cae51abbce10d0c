"""One question of the assessment as a form. The rules judge what was sent; the form only gathers it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from flask_babel import gettext as _
from wtforms import HiddenField, RadioField, SelectField, StringField
from wtforms.fields.choices import SelectChoice

from service.catalog.rules.questionnaires import Question
from service.enrollment.rules.eligibility import Answer
from service.enrollment.rules.pressure import readings
from service.kit.errors import Rejected
from service.kit.fields import DayField, Form, TicksField


class QuestionForm(Form):
    """What every page of the assessment carries: which state of the answers it was drawn from."""

    revision = HiddenField()

    def drawn_from(self) -> int:
        """The revision the page was drawn from; -1, which never matches, where it is missing or damaged."""
        sent = str(self.revision.data or "")
        return int(sent) if sent.isascii() and sent.isdigit() and len(sent) < 9 else -1

    def sent(self) -> list[str]:
        """What the page sent, in the shape enrollment/rules/answers.py judges."""
        field = self["answer"]
        if "second" in self:
            return [field.data or "", self["second"].data or ""]
        if isinstance(field, DayField):
            if field.data is not None:
                return [str(field.data.month), str(field.data.day), str(field.data.year)]
            return [field.typed.get(part, "") for part in ("month", "day", "year")]
        if isinstance(field, TicksField):
            return list(field.data or [])
        return [field.data or ""]


def to_put_right(form: QuestionForm) -> Any:
    """The field that a refusal is about: of two readings the one that cannot be read."""
    if "second" not in form:
        return form.answer
    try:
        readings([form.answer.data or ""])
    except Rejected:
        return form.answer
    return form["second"]


def question_form(question: Question, counties: Mapping[str, str], revision: int, saved: Answer | None) -> QuestionForm:
    """The form of one question. `counties` (FIPS code to name) are those of the state that the ZIP told."""

    class OneQuestion(QuestionForm):
        answer = _field(question, counties)

    if question.kind == "readings":

        class TwoReadings(OneQuestion):
            second = _reading(_("Second reading, if you took one"))

        first, second = (*(saved or ()), "", "")[:2]
        form: QuestionForm = TwoReadings(data={"answer": first, "second": second})
    else:
        form = OneQuestion(data={"answer": _shown(question, saved)})
    if not form.is_submitted():
        form.revision.data = str(revision)
    return form


def _field(question: Question, counties: Mapping[str, str]) -> Any:
    label, about = _(question.text), _(question.hint) if question.hint else ""
    choices = [SelectChoice(choice.value, _(choice.label)) for choice in question.choices]
    if question.kind == "zip":
        return StringField(label, description=about, render_kw={"autocomplete": "postal-code", "inputmode": "numeric"})
    if question.kind == "county":
        names = [SelectChoice(fips, name) for fips, name in counties.items()]
        return SelectField(label, description=about, choices=names, validate_choice=False)
    if question.kind == "date":
        return DayField(label, description=about, render_kw={"autocomplete": "bday"})
    if question.kind == "readings":
        return _reading(_("First reading"))
    if question.kind == "radios":
        return RadioField(label, description=about, choices=choices, validate_choice=False)
    return TicksField(label, description=about, choices=choices, validate_choice=False)


def _reading(label: str) -> Any:
    return StringField(label, render_kw={"autocomplete": "off"})


def _shown(question: Question, saved: Answer | None) -> Any:
    """The saved answer as the field holds it. Nothing is ever ticked that the person did not tick."""
    if question.kind == "date" and isinstance(saved, str):
        return date.fromisoformat(saved)
    return saved
