"""The free assessment: one question a page, then a summary, then what it comes to."""

from __future__ import annotations

from flask import current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_locale
from flask_babel import gettext as _

from service.catalog.queries import open_states
from service.catalog.rules.places import AskCounty, Found, Military, NotServed
from service.catalog.rules.questionnaires import Question
from service.enrollment.actions import answer as actions
from service.enrollment.forms.assessment import QuestionForm, question_form, to_put_right
from service.enrollment.forms.waitlist import WaitlistForm
from service.enrollment.queries.assessments import AssessmentDetails, by_token, questionnaire
from service.enrollment.rules.emergencies import emergency_choices
from service.enrollment.rules.regions import waiting_regions
from service.enrollment.views import bp, visitor
from service.enrollment.views.safety_page import help_now, help_without_records
from service.enrollment.views.words import counties, summary
from service.kit import access, clock, db, format, limits, web
from service.kit.errors import NotFound, Rejected


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
    secret = actions.start(catalog=catalog, locale=str(get_locale() or "en"), actor=web.actor(), now=clock.now())
    visitor.hold(secret)
    return redirect(url_for("enrollment.question", question_id=questionnaire(catalog).questions[0].id), code=303)


@bp.get("/assessment/resume/<token>")
@access.public
def resume(token: str) -> ResponseReturnValue:
    """A button. A link that somebody else sent must not change whose answers this browser holds."""
    _behind(token)
    return render_template("enrollment/assessment/resume.html", token=token)


@bp.post("/assessment/resume/<token>")
@access.public
def resumed(token: str) -> ResponseReturnValue:
    """Go on where the holder of this link left off."""
    here = _behind(token)
    visitor.hold(token)
    return redirect(visitor.next_url(here), code=303)


def _behind(token: str) -> AssessmentDetails:
    with db.reading() as session:
        here = by_token(session, visitor.catalog(), token, clock.now())
    if here is None:
        raise actions.GONE
    return here


@bp.get("/assessment/<question_id>")
@access.public
def question(question_id: str) -> ResponseReturnValue:
    """One question. Skipping ahead leads to the next one that is asked."""
    here = visitor.assessment()
    if here is None:
        return redirect(url_for("enrollment.assessment"), code=303)
    if here.outdated and here.outcome is None:
        return _start_again()
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
            return _start_again()
        field = to_put_right(form)
        field.errors = [*(field.process_errors or [_(error.message)])]
        return _page(here, asked, form), 422
    if saved.emergency:
        return help_now(_now_standing())
    if saved.ended:
        return redirect(url_for("enrollment.result"), code=303)
    if saved.changed_elsewhere:
        flash(_("This answer was changed in another tab. Look at it once more, then continue."), "info")
        return redirect(url_for("enrollment.question", question_id=question_id), code=303)
    if saved.next_id is None:
        return redirect(url_for("enrollment.check"), code=303)
    return redirect(url_for("enrollment.question", question_id=saved.next_id), code=303)


@bp.get("/assessment/check")
@access.public
def check() -> ResponseReturnValue:
    """Every answer once more, each with a link that changes it."""
    here = visitor.assessment()
    if here is None:
        return redirect(url_for("enrollment.assessment"), code=303)
    if here.outcome is not None or here.next is not None:
        return redirect(visitor.next_url(here), code=303)
    return render_template("enrollment/assessment/check.html", lines=summary(visitor.catalog(), here))


@bp.post("/assessment/check")
@access.public
def submit() -> ResponseReturnValue:
    """Send the answers. Twice is once."""
    secret = visitor.token()
    if secret is None:
        return redirect(url_for("enrollment.assessment"), code=303)
    try:
        actions.submit(token=secret, catalog=visitor.catalog(), actor=web.actor(), now=clock.now())
    except NotFound:
        visitor.forget()
        return redirect(url_for("enrollment.assessment"), code=303)
    except Rejected as error:
        if error.code == "questions_changed":
            return _start_again()
        return redirect(visitor.next_url(_now_standing()), code=303)
    return redirect(url_for("enrollment.result"), code=303)


@bp.get("/assessment/result")
@access.public
def result() -> ResponseReturnValue:
    """What the answers come to: "you may qualify", never "approved"; a kind no; or help."""
    here = visitor.assessment()
    if here is None:
        return redirect(url_for("enrollment.assessment"), code=303)
    if here.outcome is None:
        return redirect(visitor.next_url(here), code=303)
    if here.outcome == "emergency" or here.held:
        return help_now(here)
    catalog = visitor.catalog()
    rules = questionnaire(catalog).rules
    hits = [rules[name] for name in here.rule_ids if name in rules]
    states = {code: state.name for code, state in open_states(catalog, clock.now()).items()}
    regions = waiting_regions(states)
    home = here.place.state if isinstance(here.place, NotServed | Found | AskCounty) else None
    return render_template(
        f"enrollment/assessment/{_template(here)}.html",
        here=here,
        reasons=list(dict.fromkeys(_(rule.reason) for rule in hits if rule.result == here.outcome)),
        worried=not {"H1", "H2"}.isdisjoint(here.rule_ids),
        waitlist=WaitlistForm(regions, data={"state": home}),
        home=regions.get(home or ""),
        open_states=format.listed(states.values(), str(get_locale() or "en")),
    )


def _template(here: AssessmentDetails) -> str:
    if "G-AGE" in here.rule_ids:
        return "too_young"
    if "G-RES" in here.rule_ids:
        return "military" if isinstance(here.place, Military) else "not_here"
    return str(here.outcome)


def _now_standing() -> AssessmentDetails:
    here = visitor.assessment() or visitor.joined()
    if here is None:
        raise actions.GONE
    return here


def _start_again() -> ResponseReturnValue:
    visitor.forget()
    flash(_("Our questions have changed since you began, so your answers would not fit. Start again when you like."))
    return redirect(url_for("enrollment.assessment"), code=303)


def _form(here: AssessmentDetails, asked: Question) -> QuestionForm:
    names = counties(visitor.catalog(), here.place)
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
        resume=current_app.config["HOMEWARD"].public_url.rstrip("/")
        + url_for("enrollment.resume", token=visitor.token() or ""),
    )
