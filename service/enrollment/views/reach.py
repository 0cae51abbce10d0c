"""Before anything is signed: whom to call, and where help can be sent (domain.md 2.1, G-EMERG)."""

from __future__ import annotations

from flask import current_app, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from service.accounts.actions.contact import change_emergency_contact
from service.accounts.forms.settings import EmergencyContactForm
from service.accounts.queries.settings import OwnPatient, own_settings
from service.enrollment.actions import move
from service.enrollment.forms.consents import HomeForm
from service.enrollment.views import bp
from service.kit import access, clock, db, web
from service.kit.errors import Rejected


@bp.get("/consents/emergency")
@access.patient
def reach() -> ResponseReturnValue:
    """What is missing, one thing a page; back to the documents once nothing is."""
    patient = _mine()
    if patient.emergency_contact is None:
        return render_template("enrollment/consents/contact.html", form=EmergencyContactForm())
    if patient.address is None:
        return render_template("enrollment/consents/home.html", form=HomeForm(), zip_code=patient.zip_code)
    return redirect(url_for("enrollment.consent_list"), code=303)


@bp.post("/consents/emergency/contact")
@access.patient
def reach_contact() -> ResponseReturnValue:
    """Keep whom to call. Somebody who is named already is changed in the settings."""
    form = EmergencyContactForm()
    if _mine().emergency_contact is None:
        if not form.validate_on_submit():
            return render_template("enrollment/consents/contact.html", form=form), 422
        try:
            change_emergency_contact(
                user_id=current_user.user_id,
                name=form.name.data,
                relation=form.relation.data or "",
                phone=form.phone.data,
                actor=web.actor(),
            )
        except Rejected as no:
            (form.phone if no.code == "phone_unreadable" else form.name).errors = [_(no.message)]
            return render_template("enrollment/consents/contact.html", form=form), 422
    return redirect(url_for("enrollment.reach"), code=303)


@bp.post("/consents/emergency/home")
@access.patient
def reach_home() -> ResponseReturnValue:
    """Keep the street, in the ZIP that is known. A known one is changed in the settings, behind a fresh proof."""
    form, patient = HomeForm(), _mine()
    if patient.address is None:
        if not form.validate_on_submit():
            return render_template("enrollment/consents/home.html", form=form, zip_code=patient.zip_code), 422
        try:
            move.move(
                user_id=current_user.user_id,
                line1=form.line1.data,
                line2=form.line2.data or "",
                city=form.city.data,
                zip_code=patient.zip_code,
                county_fips=patient.county_fips,
                yes_to=None,
                catalog=current_app.config["CATALOG"],
                actor=web.actor(),
                now=clock.now(),
            )
        except Rejected as no:
            (form.city if no.code == "city_missing" else form.line1).errors = [_(no.message)]
            return render_template("enrollment/consents/home.html", form=form, zip_code=patient.zip_code), 422
    return redirect(url_for("enrollment.reach"), code=303)


def _mine() -> OwnPatient:
    with db.reading() as session:
        patient = own_settings(session, current_user.user_id).patient
    if patient is None:
        raise RuntimeError("the door lets patients in alone")
    return patient
