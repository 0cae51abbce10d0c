"""The texts a patient signs: a list of what is left, and a page each."""

from __future__ import annotations

from flask import current_app, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user
from markdown_it import MarkdownIt
from markupsafe import Markup
from werkzeug.exceptions import NotFound

from config.brand import brand
from service.consent.rules import blanks
from service.enrollment.actions import sign
from service.enrollment.forms.consents import SignForm
from service.enrollment.queries import consents
from service.enrollment.queries.consents import Overview
from service.enrollment.views import bp
from service.kit import access, clock, db, web
from service.kit.errors import Conflict, Rejected

_markdown = MarkdownIt("commonmark", {"html": False}).enable("table")


@bp.get("/consents")
@access.patient
def consent_list() -> ResponseReturnValue:
    """What is signed and what is left."""
    return render_template("enrollment/consents/list.html", overview=_overview())


@bp.route("/consents/<key>", methods=["GET", "POST"])
@access.patient
def consent(key: str) -> ResponseReturnValue:
    """One text: in short, whole, and where to sign it."""
    overview = _overview()
    if overview is None or overview.task(key) is None:
        raise NotFound
    if not overview.may_begin:
        return redirect(url_for("enrollment.consent_list"), code=303)
    form = SignForm()
    if not form.is_submitted():
        return _page(overview, key, form)
    if not form.validate():
        return _page(overview, key, form, status=422)
    try:
        sign.sign_consent(
            key=key,
            sha256=form.shown.data or "",
            typed_name=form.typed_name.data,
            agreed=form.agreed.data,
            catalog=current_app.config["CATALOG"],
            blanks=_blanks(),
            actor=web.actor(),
            now=clock.now(),
        )
    except sign.Superseded as changed:
        return _page(overview, key, SignForm(formdata=None), status=409, changed=_(changed.message))
    except (Conflict, Rejected) as no:
        flash(_(no.message), "bad")
        return redirect(url_for("enrollment.consent_list"), code=303)
    return _onwards()


def _onwards() -> ResponseReturnValue:
    """To the next text, or to the list when there is none left."""
    overview = _overview()
    following = overview.following if overview else None
    if following is None:
        return redirect(url_for("enrollment.consent_list"), code=303)
    return redirect(url_for("enrollment.consent", key=following.document.key), code=303)


def _page(
    overview: Overview, key: str, form: SignForm, *, status: int = 200, changed: str | None = None
) -> ResponseReturnValue:
    task = overview.task(key)
    if task is None:
        raise NotFound
    text = consents.shown(task, _blanks())
    form.shown.data = text.sha256
    form.agreed.label.text = text.statement
    page = render_template(
        "enrollment/consents/consent.html",
        form=form,
        task=task,
        text=text,
        body=Markup(_markdown.render(text.body)),  # noqa: S704 (our own text; HTML in it is shown, not run)
        number=overview.number(key),
        total=len(overview.tasks),
        zone=overview.time_zone,
        changed=changed,
    )
    return page, status


def _overview() -> Overview | None:
    with db.reading() as session:
        return consents.overview(session, current_user.patient_id, current_app.config["CATALOG"], clock.now())


def _blanks() -> dict[str, str]:
    settings, catalog = current_app.config["HOMEWARD"], current_app.config["CATALOG"]
    return blanks(brand(settings.config_dir), catalog.from_price_cents)
