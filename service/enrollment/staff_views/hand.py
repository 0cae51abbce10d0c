"""One visit for a colleague, or called off."""

from __future__ import annotations

from uuid import UUID

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from service.enrollment.actions import hand as actions
from service.enrollment.actions import look
from service.enrollment.forms.part import places_form
from service.enrollment.staff_views import bp
from service.kit import access, clock, web
from service.kit.errors import Conflict


@bp.route("/staff/visits/<uuid:appointment_id>/hand", methods=["GET", "POST"])
@access.staff(*look.MAY_LOOK)
def hand(appointment_id: UUID) -> ResponseReturnValue:
    """Who could hold it, and the choice."""
    try:
        found = actions.open_visit(appointment_id=appointment_id, actor=web.actor(), now=clock.now())
        form = places_form((found,), [_("Who sees %(name)s?", name=found.patient_name)])
        if form.validate_on_submit():
            to = form.places()[appointment_id]
            actions.place_visit(appointment_id=appointment_id, to=to, actor=web.actor(), now=clock.now())
            flash(_("The visit is called off.") if to is None else _("The visit is with your colleague now."), "good")
            flash(_("We wrote to the patient what changes."), "good")
            return redirect(url_for(".upcoming"), code=303)
    except Conflict as no:
        flash(_(no.message), "bad")
        return redirect(url_for(".visit_room", appointment_id=appointment_id), code=303)
    page = render_template("enrollment/staff/hand.html", found=found, form=form, zone=current_user.time_zone)
    return page, 422 if form.errors else 200
