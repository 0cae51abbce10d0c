"""Lifting a hold."""

from __future__ import annotations

from uuid import UUID

from flask import current_app, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from service.kit import access, clock, web
from service.safety import actions, rules
from service.safety.forms import LiftForm
from service.safety.staff_views import bp


@bp.route("/staff/holds/<uuid:hold_id>/lift", methods=["GET", "POST"])
@access.staff("clinician")
@access.step_up
def lift(hold_id: UUID) -> ResponseReturnValue:
    """What lifting a hold sets going again, and the reason for it."""
    form = LiftForm()
    if form.validate_on_submit():
        actions.lift_hold(hold_id=hold_id, reason=form.reason.data, actor=web.actor(), now=clock.now())
        flash(_("The hold is lifted."), "good")
        return redirect(url_for("safety_staff.alerts"), code=303)
    hold = actions.open_hold(hold_id=hold_id, actor=web.actor())
    page = render_template(
        "safety/staff/lift.html",
        form=form,
        hold=hold,
        title=rules.definition(current_app.config["CATALOG"], hold.code).title,
        glass_until=hold.patient_id
        and actions.glass_until(patient_id=hold.patient_id, actor=web.actor(), wall_now=clock.wall_now()),
        zone=current_user.time_zone,
    )
    return page, 422 if form.errors else 200
