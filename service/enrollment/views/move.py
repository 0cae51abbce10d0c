"""The page of a patient's postal address."""

from __future__ import annotations

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from service.accounts.queries.settings import own_settings
from service.enrollment.actions import move as actions
from service.enrollment.forms.move import MoveForm
from service.enrollment.rules.moving import WhichCounty
from service.enrollment.rules.regions import REGIONS
from service.enrollment.views import bp, visitor
from service.kit import access, clock, db, web
from service.kit.errors import Rejected

FIELDS = {"line1_missing": "line1", "line1_too_long": "line1", "city_missing": "city"}


@bp.get("/settings/address")
@access.patient
@access.step_up
def address() -> ResponseReturnValue:
    """The address we have."""
    with db.reading() as session:
        patient = own_settings(session, current_user.user_id).patient
    if patient is None:
        raise RuntimeError("the door lets patients in alone")
    known = patient.address
    typed = {"line1": known.line1, "line2": known.line2, "city": known.city} if known else {}
    form = MoveForm(data={**typed, "zip_code": patient.zip_code})
    return render_template("enrollment/move/address.html", form=form)


@bp.post("/settings/address")
@access.patient
@access.step_up
def address_submit() -> ResponseReturnValue:
    """Keep another; ask for the county, or for a yes to another state, where that is needed."""
    form = MoveForm()
    if not form.validate_on_submit():
        return render_template("enrollment/move/address.html", form=form), 422
    try:
        became = actions.move(
            user_id=current_user.user_id,
            line1=form.line1.data,
            line2=form.line2.data or "",
            city=form.city.data,
            zip_code=form.zip_code.data,
            county_fips=form.county.data or None,
            yes_to=form.yes_to.data or None,
            catalog=visitor.catalog(),
            actor=web.actor(),
            now=clock.now(),
        )
    except Rejected as error:
        field = form[FIELDS.get(error.code, "zip_code")]
        field.errors = [_(error.message)]
        return render_template("enrollment/move/address.html", form=form), 422
    if isinstance(became, WhichCounty):
        form.ask_county({county.fips: county.name for county in visitor.catalog().states[became.state].counties})
        form.county.errors = [_("Choose your county.")]
        return render_template("enrollment/move/address.html", form=form), 422
    if became.needs_yes:
        return _another_state(form, became)
    flash(_("Your address is changed.") if became.changed else _("Nothing was changed."))
    return redirect(url_for("accounts.settings"), code=303)


def _another_state(form: MoveForm, became: actions.Moved) -> ResponseReturnValue:
    """What a new state means, and a button: nothing is kept before it is pressed."""
    name = REGIONS.get(became.state) or _("a military post address")
    return render_template("enrollment/move/another_state.html", sent=form, became=became, name=name)
