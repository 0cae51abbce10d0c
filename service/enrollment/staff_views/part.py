"""A clinician leaves, and nobody is left behind."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from flask import current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_locale, ngettext
from flask_babel import gettext as _

from service.accounts.actions import team
from service.enrollment.actions import part as actions
from service.enrollment.forms.part import PartingDayForm, places_form
from service.enrollment.staff_views import bp
from service.kit import access, clock, web
from service.kit.errors import Conflict, NotFound, Rejected
from service.kit.fields import Form
from service.kit.format import moment


@bp.route("/staff/team/<uuid:user_id>/leave", methods=["GET", "POST"])
@access.staff("owner")
@access.step_up
def part(user_id: UUID) -> ResponseReturnValue:
    """First the day, then each visit booked from that day on, then all of it at once."""
    on, day_form = _day()
    page = _opened(user_id, on)
    if page is None:
        return _to_member(user_id)
    locale, states = str(get_locale() or "en"), current_app.config["CATALOG"].states
    labels = [
        _(
            "%(name)s, %(when)s, %(state)s",
            name=one.patient_name,
            when=moment(one.visit.starts_at, page.clinician.time_zone, "full", locale),
            state=states[one.state].name if one.state in states else one.state,
        )
        for one in page.visits
    ]
    form = places_form(page.visits, labels) if on is not None else None
    status = 200
    if form is not None and on is not None and form.validate_on_submit():
        try:
            actions.part(user_id=user_id, on=on, places=form.places(), actor=web.actor(), now=clock.now())
        except (Conflict, Rejected) as no:
            flash(_(no.message), "bad")
            return redirect(url_for(".part", user_id=user_id, on=on.isoformat()), code=303)
        flash(_("Noted. Nobody can book them from that day on."), "good")
        if page.visits:
            told = ngettext("One patient was told by email.", "%(num)s patients were told by email.", len(page.visits))
            flash(told, "good")
        return redirect(url_for("visits_staff.clinician", practitioner_id=page.clinician.id), code=303)
    asked: Form = form or day_form
    if asked.errors:
        status = 422
    html = render_template("enrollment/staff/part.html", page=page, on=on, form=asked, user_id=user_id)
    return html, status


@bp.route("/staff/team/<uuid:user_id>/stay", methods=["GET", "POST"])
@access.staff("owner")
@access.step_up
def stay(user_id: UUID) -> ResponseReturnValue:
    """They stay, or come back."""
    page = _opened(user_id, None)
    if page is None:
        return _to_member(user_id)
    if request.method == "POST":
        actions.stay(user_id=user_id, actor=web.actor())
        flash(_("Noted. Patients can book them again, as far as licenses and hours go."), "good")
        return redirect(url_for("visits_staff.clinician", practitioner_id=page.clinician.id), code=303)
    return render_template("enrollment/staff/stay.html", page=page)


def _opened(user_id: UUID, on: date | None) -> actions.Parting | None:
    """Who leaves and what is booked; None for a colleague whom no patient books. Raises NotFound for nobody's id."""
    try:
        return actions.open_parting(user_id=user_id, on=on, actor=web.actor(), now=clock.now())
    except NotFound:
        team.open_member(user_id=user_id)
        return None


def _to_member(user_id: UUID) -> ResponseReturnValue:
    flash(_("No patient books them, so there is nothing to decide."), "good")
    return redirect(url_for("accounts_staff.member", user_id=user_id), code=303)


def _day() -> tuple[date | None, PartingDayForm]:
    """The day in the address, or the one just typed."""
    form = PartingDayForm(request.args)
    try:
        return date.fromisoformat(request.args["on"]), form
    except (KeyError, ValueError):
        asked = any(f"on-{part}" in request.args for part in ("month", "day", "year"))
        return (form.on.data if asked and form.validate() else None), form
