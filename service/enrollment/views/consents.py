"""The texts a patient signs: a list of what is left, and a page each."""

from __future__ import annotations

from datetime import datetime, timedelta

from flask import current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user
from itsdangerous import BadSignature
from markupsafe import Markup
from werkzeug.exceptions import NotFound

from service.consent.rules import Task, blanks
from service.consent.rules.blocks import html
from service.enrollment.actions import sign
from service.enrollment.forms.consents import DETAILS, FORMS, SignForm
from service.enrollment.queries import consents
from service.enrollment.queries.consents import Overview
from service.enrollment.views import bp
from service.kit import access, clock, db, web
from service.kit.errors import Conflict, Rejected
from service.kit.signing import KeptSerializer

OPEN_FOR = timedelta(days=2)  # how long ago a page may have been opened for the evidence to say when


@bp.get("/consents")
@access.patient
def consent_list() -> ResponseReturnValue:
    """What is signed and what is left."""
    return render_template("enrollment/consents/list.html", overview=_overview())


@bp.route("/consents/<consent:key>", methods=["GET", "POST"])
@access.patient
def consent(key: str) -> ResponseReturnValue:
    """One text: in short, whole, and where to sign it."""
    overview = _overview()
    task = overview.task(key) if overview else None
    if overview is None or task is None:
        raise NotFound
    form = FORMS[task.document.asks]()
    if not form.is_submitted() or "change" in request.form:
        return _page(overview, task, form)
    if not form.validate():
        return _page(overview, task, form, status=422)
    try:
        sign.sign_consent(
            key=key,
            sha256=form.shown.data or "",
            typed_name=form.typed_name.data,
            agreed=form.agreed.data,
            catalog=current_app.config["CATALOG"],
            blanks=own_blanks(),
            actor=web.actor(),
            now=clock.now(),
            filled=form.filled(),
            sure=form.sure.data == "y",
            opened_at=_opened(form.opened.data, task),
        )
    except sign.Superseded as changed:
        return _page(overview, task, form.__class__(formdata=None), status=409, changed=_(changed.message))
    except sign.NameDiffers:
        return _check_name(overview, task, form)
    except Rejected as no:
        if no.code not in form:
            return _to_list(_(no.message))
        form[no.code].errors = [_(no.message)]
        return _page(overview, task, form, status=422)
    except Conflict as no:
        return _to_list(_(no.message))
    return _onwards()


@bp.post("/consents/<consent:key>/decline")
@access.patient
def consent_decline(key: str) -> ResponseReturnValue:
    """I would rather not sign this one."""
    try:
        sign.decline_consent(
            key=key,
            sha256=request.form.get("shown", ""),
            catalog=current_app.config["CATALOG"],
            blanks=own_blanks(),
            actor=web.actor(),
            now=clock.now(),
        )
    except Conflict as no:
        return _to_list(_(no.message))
    flash(_("Noted: we offered it, and you would rather not sign. Nothing else changes."), "good")
    return _onwards()


def own_blanks() -> dict[str, str]:
    """What fills the blanks of the texts here."""
    catalog = current_app.config["CATALOG"]
    return blanks(catalog.practice, catalog.from_price_cents)


def _to_list(words: str) -> ResponseReturnValue:
    flash(words, "bad")
    return redirect(url_for("enrollment.consent_list"), code=303)


def _onwards() -> ResponseReturnValue:
    """To the next text, or to the list when there is none left."""
    overview = _overview()
    following = overview.following if overview else None
    if following is None:
        return redirect(url_for("enrollment.consent_list"), code=303)
    return redirect(url_for("enrollment.consent", key=following.document.key), code=303)


def _page(
    overview: Overview, task: Task, form: SignForm, *, status: int = 200, changed: str | None = None
) -> ResponseReturnValue:
    text = consents.shown(task, own_blanks())
    form.shown.data = text.sha256
    form.sure.data = ""
    if not form.opened.data:
        form.opened.data = _opening().dumps([task.document.key, clock.now().isoformat()])
    form.agreed.label.text = text.statement
    page = render_template(
        "enrollment/consents/consent.html",
        form=form,
        details=[form[name] for name in DETAILS if name in form],
        task=task,
        text=text,
        body=Markup(html(text.body)),  # noqa: S704 (our own text; HTML in it is shown, not run)
        overview=overview,
        zone=overview.time_zone,
        changed=changed,
    )
    return page, status


def _check_name(overview: Overview, task: Task, form: SignForm) -> ResponseReturnValue:
    """The name is not the account's: most often a slip, sometimes how somebody signs. The person says which."""
    sent = [(name, value) for name, value in request.form.items(multi=True) if name not in ("csrf_token", "sure")]
    return render_template(
        "enrollment/consents/check_name.html",
        task=task,
        typed=" ".join(form.typed_name.data.split()),
        known=overview.full_name,
        sent=sent,
    )


def _overview() -> Overview | None:
    with db.reading() as session:
        return consents.overview(session, current_user.patient_id, current_app.config["CATALOG"], clock.now())


def _opening() -> KeptSerializer:
    return KeptSerializer(str(current_app.secret_key), salt="consent opened")


def _opened(token: str | None, task: Task) -> datetime | None:
    """When the page with this text was opened, as we signed it then; None for anything else."""
    try:
        key, moment = _opening().loads(token or "", max_age=int(OPEN_FOR.total_seconds()))
    except (BadSignature, ValueError, TypeError):
        return None
    return datetime.fromisoformat(moment) if key == task.document.key else None
