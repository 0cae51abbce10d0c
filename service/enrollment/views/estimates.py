"""What care is expected to cost: estimates that were given, and asking for another."""

from __future__ import annotations

from uuid import UUID

from flask import current_app, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user
from markupsafe import Markup
from werkzeug.exceptions import NotFound

from service.consent import queries as consents
from service.consent.rules.blocks import html
from service.enrollment.actions import estimate as actions
from service.enrollment.actions import papers
from service.enrollment.forms.estimates import AskForm
from service.enrollment.views import bp
from service.kit import access, clock, db, limits, web
from service.kit.files import as_pdf
from service.kit.format import money
from service.kit.ids import new_id


@bp.get("/estimates")
@access.patient
def estimate_list() -> ResponseReturnValue:
    """Every estimate, and a button for another."""
    return _list_page(_form(), 200)


@bp.post("/estimates")
@access.patient
@limits.per_address("30 per minute")
def estimate_ask() -> ResponseReturnValue:
    """Give another at once."""
    form = _form()
    if not form.validate_on_submit():
        return _list_page(form, 422)
    made = actions.ask_estimate(
        request_id=form.asked(),
        plan_key=form.plan.data,
        catalog=current_app.config["CATALOG"],
        actor=web.actor(),
        now=clock.now(),
    )
    flash(_("Here is your estimate."), "good")
    return redirect(url_for("enrollment.estimate", estimate_id=made), code=303)


@bp.get("/estimates/<uuid:estimate_id>")
@access.patient
def estimate(estimate_id: UUID) -> ResponseReturnValue:
    """One estimate, word for word."""
    with db.reading() as session:
        found = consents.estimate(session, current_user.patient_id, estimate_id)
    if found is None:
        raise NotFound
    return render_template(
        "enrollment/estimates/estimate.html",
        estimate=found,
        body=Markup(html(found.text)),  # noqa: S704 (our own text with names escaped; HTML in it is shown, not run)
        zone=current_user.time_zone,
    )


@bp.get("/estimates/<uuid:estimate_id>.pdf")
@access.patient
def estimate_pdf(estimate_id: UUID) -> ResponseReturnValue:
    """One estimate as a file."""
    made = papers.own_estimate(
        estimate_id=estimate_id,
        catalog=current_app.config["CATALOG"],
        actor=web.actor(),
        templates_dir=current_app.config["HOMEWARD"].templates_dir,
    )
    return as_pdf(made.name, made.content)


def _form() -> AskForm:
    form = AskForm()
    form.plan.choices = [
        (plan.key, _("%(plan)s, %(price)s a month", plan=plan.name, price=money(plan.price_cents)))
        for plan in current_app.config["CATALOG"].open_plans
    ]
    return form


def _list_page(form: AskForm, status: int) -> ResponseReturnValue:
    form.request.data = form.request.data or str(new_id())
    with db.reading() as session:
        found = consents.estimates(session, current_user.patient_id)
    page = render_template("enrollment/estimates/list.html", form=form, estimates=found, zone=current_user.time_zone)
    return page, status
