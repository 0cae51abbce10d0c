"""The free assessment, one question a page."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_locale
from flask_babel import gettext as _

from service.catalog.rules.questionnaires import Question
from service.enrollment.actions import answer as actions
from service.enrollment.forms.assessment import QuestionForm, question_form, to_put_right
from service.enrollment.queries.assessments import AssessmentDetails, questionnaire
from service.enrollment.rules.emergencies import emergency_choices
from service.enrollment.views import bp, visitor
from service.enrollment.views.safety_page import help_now, help_without_records
from service.enrollment.views.words import counties_to_choose
from service.kit import access, clock, limits, web
from service.kit.errors import Rejected


@bp.get("/assessment")
@access.public
def assessment() -> ResponseReturnValue:
    """What it is, how long it takes, what it costs (nothing), what we do with the answers."""
    here = visitor.assessment()
    unfinished = (
        visitor.next_url(here) if here and here.answers and here.outcome is None and not here.outdated else None
    )
    return render_template("enrollment/assessment/start.html", go_on=unfinished)


@bp.post("/assessment")
@access.public
@limits.per_address("20 per minute")
def start() -> ResponseReturnValue:
    """Begin a new assessment in this browser. An earlier one stays as it is, and is left alone."""
    catalog = visitor.catalog()
    secret = actions.start(
        catalog=catalog,
        locale=str(get_locale() or "en"),
        earlier=visitor.token(),
        actor=web.actor(),
        now=clock.now(),
    )
    visitor.hold(secret)
    return redirect(url_for("enrollment.question", question_id=questionnaire(catalog).questions[0].id), code=303)


@bp.get("/assessment/<question_id>")
@access.public
def question(question_id: str) -> ResponseReturnValue:
    """One question. Skipping ahead leads to the next one that is asked."""
    here = visitor.assessment()
    if here is None:
        return redirect(url_for("enrollment.assessment"), code=303)
    if here.outdated and here.outcome is None:
        return start_again()
    asked = questionnaire(visitor.catalog()).question(question_id)
    if here.outcome is not None or asked is None or not here.reachable(asked):
        return redirect(visitor.next_url(here), code=303)
    return _page(here, asked, _form(here, asked))


@bp.post("/assessment/<question_id>")
@access.public
@access.urgent
def answer(question_id: str) -> ResponseReturnValue:
    """Keep the answer. An emergency is answered with help in this very response, whatever else goes wrong."""
    form = questionnaire(visitor.catalog())
    asked = form.question(question_id)
    urgent = emergency_choices(form, asked, request.form.getlist("answer")) if asked else []
    try:
        return _answer(question_id, asked)
    except Exception as error:
        if asked is None or not urgent:
            raise
        return help_without_records(form, asked, urgent, error)


def _answer(question_id: str, asked: Question | None) -> ResponseReturnValue:
    here, secret = visitor.assessment() or visitor.joined(), visitor.token()
    if here is None or secret is None or asked is None:
        raise actions.GONE
    form = _form(here, asked)
    try:
        saved = actions.save_answer(
            token=secret,
            question_id=question_id,
            sent=form.sent(),
            revision=form.drawn_from(),
            catalog=visitor.catalog(),
            actor=web.actor(),
            now=clock.now(),
        )
    except Rejected as error:
        if error.code == "questions_changed":
            return start_again()
        field = to_put_right(form)
        field.errors = [*(field.process_errors or [_(error.message)])]
        return _page(here, asked, form), 422
    if saved.emergency:
        return help_now(visitor.standing())
    if saved.ended:
        return redirect(url_for("enrollment.result"), code=303)
    if saved.changed_elsewhere:
        flash(_("This answer was changed in another tab. Look at it once more, then continue."), "info")
        return redirect(url_for("enrollment.question", question_id=question_id), code=303)
    if saved.next_id is None:
        return redirect(url_for("enrollment.check"), code=303)
    return redirect(url_for("enrollment.question", question_id=saved.next_id), code=303)


def _form(here: AssessmentDetails, asked: Question) -> QuestionForm:
    names = counties_to_choose(visitor.catalog(), here.place)
    return question_form(asked, names, here.revision, here.answers.get(asked.id))


def _page(here: AssessmentDetails, asked: Question, form: QuestionForm) -> str:
    before = here.before(asked)
    shown = [item.id for item in here.asked]
    return render_template(
        "enrollment/assessment/question.html",
        question=asked,
        form=form,
        back=url_for("enrollment.question", question_id=before.id) if before else url_for("enrollment.assessment"),
        number=shown.index(asked.id) + 1 if asked.id in shown else None,
        count=len(shown),
        hints={choice.value: _(choice.hint) for choice in asked.choices if choice.hint},
    )


def start_again() -> ResponseReturnValue:
    """Where somebody goes whose questions are others by now: their answers would not fit."""
    visitor.forget()
    flash(_("Our questions have changed since you began, so your answers would not fit. Start again when you like."))
    return redirect(url_for("enrollment.assessment"), code=303)
