"""Check-ins for their patient: what is due, one question a page, the result in words.

A worrying answer is answered by the safety page itself, in the very response to the form that carried it: no redirect
that a lost connection could swallow, and no database that has to be there.
"""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

import structlog
from flask import Blueprint, current_app, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user
from sqlalchemy.exc import SQLAlchemyError

from service.catalog.rules.instruments import Instrument
from service.catalog.rules.whole import Catalog
from service.checkins import actions, queries
from service.checkins.forms import AnswerForm, SendForm
from service.checkins.rules.scoring import red_flags
from service.kit import access, clock, db, web
from service.kit.errors import NotFound, Rejected
from service.safety import rules as safety

log = structlog.get_logger(__name__)
bp = Blueprint("checkins", __name__)


def _catalog() -> Catalog:
    found: Catalog = current_app.config["CATALOG"]
    return found


def _mine(checkin_id: UUID) -> tuple[queries.CheckInDetails, Instrument]:
    with db.reading() as session:
        found = queries.one(session, checkin_id, current_user.patient_id)
    return found, _catalog().instruments[found.instrument]


@bp.get("/check-ins")
@access.patient
def index() -> ResponseReturnValue:
    """What is due, and what was answered before."""
    now = clock.now()
    with db.reading() as session:
        all_of_them = queries.of_patient(session, current_user.patient_id)
    due = [item for item in all_of_them if item.is_open(now)]
    return render_template(
        "checkins/index.html",
        due=due,
        past=[item for item in all_of_them if item not in due],
        instruments=_catalog().instruments,
        highest_total=queries.highest_total,
        minutes=queries.minutes,
        zone=current_user.time_zone,
    )


@bp.get("/check-ins/<uuid:checkin_id>")
@access.patient
def show(checkin_id: UUID) -> ResponseReturnValue:
    """Where the mailed link leads: the start, the result, or a kind word when it is over."""
    found, instrument = _mine(checkin_id)
    zone = current_user.time_zone
    if found.score is not None:
        with db.reading() as session:
            earlier = [i for i in queries.of_patient(session, found.patient_id) if i.due_at <= found.due_at]
        return render_template(
            "checkins/result.html",
            checkin=found,
            instrument=instrument,
            highest=queries.highest_total(instrument),
            trend=queries.trend(queries.points(earlier, found.instrument, zone)),
            zone=zone,
        )
    if not found.is_open(clock.now()):
        return render_template("checkins/over.html", checkin=found, zone=zone)
    return render_template(
        "checkins/start.html",
        checkin=found,
        instrument=instrument,
        resume=queries.resume_page(instrument, found.answers),
        minutes=queries.minutes(instrument),
        zone=zone,
    )


@bp.route("/check-ins/<uuid:checkin_id>/<int:number>", methods=["GET", "POST"])
@access.patient
@access.urgent
def question(checkin_id: UUID, number: int) -> ResponseReturnValue:
    """One question. Its answer is kept at once; a worrying one is met at once."""
    try:
        return _question(checkin_id, number)
    except SQLAlchemyError as error:
        instrument = _catalog().instruments.get(request.form.get("instrument", ""))
        page = queries.page(instrument, number) if instrument else None
        if instrument is None or page is None:
            raise
        value = request.form.get("answer", type=int)
        return _help_although_not_saved(instrument, {} if value is None else {page.item.id: value}, error)


def _question(checkin_id: UUID, number: int) -> ResponseReturnValue:
    found, instrument = _mine(checkin_id)
    page = queries.page(instrument, number)
    if page is None:
        raise NotFound("no_such_question", _("We could not find this question."))
    if not found.is_open(clock.now()) and request.method == "GET":
        return redirect(url_for("checkins.show", checkin_id=checkin_id), code=303)
    form = AnswerForm().ask(page.item, found.answers.get(page.item.id))
    checking = request.args.get("from") == "check"
    if not form.validate_on_submit():
        body = render_template(
            "checkins/question.html",
            checkin=found,
            instrument=instrument,
            page=page,
            form=form,
            checking=checking,
        )
        return body, 422 if form.errors else 200
    flags = actions.answer(
        checkin_id=checkin_id,
        item=page.item.id,
        value=form.value,
        actor=web.actor(),
        catalog=_catalog(),
        now=clock.now(),
    )
    answers = {**found.answers, **({} if form.value is None else {page.item.id: form.value})}
    following = None if checking else queries.next_page(instrument, answers, number)
    onwards = (
        url_for("checkins.check", checkin_id=checkin_id)
        if following is None
        else url_for("checkins.question", checkin_id=checkin_id, number=following)
    )
    if flags:
        return _help(flags, onwards=onwards if found.is_open(clock.now()) else None)
    return redirect(onwards, code=303)


@bp.get("/check-ins/<uuid:checkin_id>/check")
@access.patient
def check(checkin_id: UUID) -> ResponseReturnValue:
    """All answers to read over before they are sent."""
    found, instrument = _mine(checkin_id)
    if not found.is_open(clock.now()):
        return redirect(url_for("checkins.show", checkin_id=checkin_id), code=303)
    return _check_page(found, instrument)


def _check_page(
    found: queries.CheckInDetails, instrument: Instrument, problem: str | None = None
) -> ResponseReturnValue:
    form = SendForm()
    if problem:
        form.form_errors.append(problem)
    rows = queries.answered(instrument, found.answers)
    body = render_template("checkins/check.html", checkin=found, instrument=instrument, rows=rows, form=form)
    return body, 422 if problem else 200


@bp.post("/check-ins/<uuid:checkin_id>/submit")
@access.patient
@access.urgent
def submit(checkin_id: UUID) -> ResponseReturnValue:
    """Send the answers. The answers travel with the form, so that help never depends on what was stored."""
    instrument = _catalog().instruments.get(request.form.get("instrument", ""))
    answers = _posted(instrument) if instrument else {}
    try:
        outcome = actions.submit(
            checkin_id=checkin_id, answers=answers, actor=web.actor(), catalog=_catalog(), now=clock.now()
        )
    except Rejected as error:
        found, instrument = _mine(checkin_id)
        return _check_page(found, instrument, problem=_(error.message))
    except SQLAlchemyError as error:
        if instrument is None:
            raise
        return _help_although_not_saved(instrument, answers, error)
    if outcome.flags:
        return _help(outcome.flags, onwards=url_for("checkins.show", checkin_id=checkin_id))
    return redirect(url_for("checkins.show", checkin_id=checkin_id), code=303)


def _posted(instrument: Instrument) -> Mapping[str, int]:
    given = {item.id: request.form.get(f"item-{item.id}", type=int) for item in instrument.items}
    return {key: value for key, value in given.items() if value is not None}


def _help(flags: tuple[str, ...], *, onwards: str | None) -> ResponseReturnValue:
    """The safety page: help now, what we did, what comes next."""
    rules = [safety.definition(_catalog(), code) for code in flags]
    return render_template(
        "checkins/safety.html",
        saved=True,
        self_harm=_self_harm(flags),
        hours=max(1, min(rule.acknowledge_minutes for rule in rules) // 60),
        holds=any(rule.holds for rule in rules),
        onwards=onwards,
    )


def _self_harm(flags: tuple[str, ...]) -> bool:
    return any(code.startswith("RF-SI") for code in flags)


def _help_although_not_saved(
    instrument: Instrument, answers: Mapping[str, int], error: SQLAlchemyError
) -> ResponseReturnValue:
    """Help, when the answers could not be kept. Without a worrying answer the error goes its usual way."""
    flags = red_flags(instrument, answers)
    if not flags:
        raise error
    log.error("a worrying answer could not be saved; the person was shown where help is", error=type(error).__name__)
    return render_template("checkins/safety.html", saved=False, self_harm=_self_harm(flags), onwards=None)
