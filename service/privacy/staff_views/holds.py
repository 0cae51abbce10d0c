"""Legal holds, and how requests about people's own data stand."""

from __future__ import annotations

from uuid import UUID

from flask import current_app, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from service.kit import access, clock, web
from service.kit.errors import Conflict, NotFound
from service.privacy import actions
from service.privacy.actions.holds import find_patient as find
from service.privacy.forms import FindForm, ReasonForm
from service.privacy.staff_views import bp


@bp.get("/staff/legal-holds")
@access.staff("owner", "auditor")
def legal_holds() -> ResponseReturnValue:
    """Every hold, those that stand first, and for an owner the way to place one."""
    return _list(FindForm(formdata=None))


@bp.post("/staff/legal-holds")
@access.staff("owner")
@access.step_up
def find_patient() -> ResponseReturnValue:
    """Go to the patient a hold is to be placed on."""
    form = FindForm()
    if not form.validate():
        return _list(form, 422)
    try:
        patient_id = find(wanted=form.patient.data, actor=web.actor())
    except NotFound:
        form.patient.errors = [
            *form.patient.errors,
            _("No patient has this address or id. A closed account is found on the page People's data."),
        ]
        return _list(form, 422)
    return redirect(url_for("privacy_staff.legal_hold", patient_id=patient_id), code=303)


@bp.get("/staff/patients/<uuid:patient_id>/legal-hold")
@access.staff("owner", "auditor")
@access.step_up
def legal_hold(patient_id: UUID) -> ResponseReturnValue:
    """One patient's holds, and the form to place or lift one."""
    return _page(patient_id, ReasonForm(formdata=None))


@bp.post("/staff/patients/<uuid:patient_id>/legal-hold")
@access.staff("owner")
@access.step_up
def place_hold(patient_id: UUID) -> ResponseReturnValue:
    """From now on nothing of this patient is removed."""
    form = ReasonForm()
    if not form.validate_on_submit():
        return _page(patient_id, form, 422)
    try:
        actions.place_hold(patient_id=patient_id, reason=form.reason.data, actor=web.actor(), now=clock.now())
    except Conflict as no:
        flash(_(no.message), "info")
    else:
        flash(_("The hold stands. Nothing of this patient is removed until it is lifted."), "good")
    return redirect(url_for("privacy_staff.legal_hold", patient_id=patient_id), code=303)


@bp.post("/staff/patients/<uuid:patient_id>/legal-hold/lift")
@access.staff("owner")
@access.step_up
def lift_hold(patient_id: UUID) -> ResponseReturnValue:
    """The schedule counts again."""
    form = ReasonForm()
    if not form.validate_on_submit():
        return _page(patient_id, form, 422)
    actions.lift_hold(patient_id=patient_id, reason=form.reason.data, actor=web.actor(), now=clock.now())
    flash(_("The hold is lifted. What has run out is removed with the next run."), "good")
    return redirect(url_for("privacy_staff.legal_hold", patient_id=patient_id), code=303)


@bp.get("/staff/data")
@access.staff("owner", "coordinator", "auditor")
def data() -> ResponseReturnValue:
    """Copies that failed, accounts that were closed, and what was removed."""
    return render_template(
        "privacy/staff/data.html",
        desk=actions.open_desk(actor=web.actor()),
        keep=current_app.config["CATALOG"].retention,
        zone=current_user.time_zone,
    )


def _list(form: FindForm, status: int = 200) -> ResponseReturnValue:
    page = render_template(
        "privacy/staff/legal_holds.html",
        form=form,
        holds=actions.open_holds(actor=web.actor()),
        may_place=current_user.role in actions.MAY_PLACE,
        zone=current_user.time_zone,
    )
    return page, status


def _page(patient_id: UUID, form: ReasonForm, status: int = 200) -> ResponseReturnValue:
    page = render_template(
        "privacy/staff/legal_hold.html",
        form=form,
        person=actions.open_patient(patient_id=patient_id, actor=web.actor()),
        may_place=current_user.role in actions.MAY_PLACE,
        zone=current_user.time_zone,
    )
    return page, status
