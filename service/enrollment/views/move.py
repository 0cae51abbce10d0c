"""The page of a patient's postal address, and what a move to another state means for them."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from service.accounts.queries.settings import own_settings
from service.catalog.queries import open_states
from service.catalog.queries.places import place_of_zip
from service.enrollment.actions import move as actions
from service.enrollment.forms.move import MoveForm
from service.enrollment.forms.waitlist import PlaceForm, key_of
from service.enrollment.queries import moving
from service.enrollment.rules.moving import WhichCounty, spot
from service.enrollment.rules.regions import place_name
from service.enrollment.views import bp, visitor
from service.kit import access, clock, db, web
from service.kit.errors import Rejected
from service.visits import queries as visits

FIELDS = {"line1_missing": "line1", "line1_too_long": "line1", "not_a_street": "line1", "city_missing": "city"}


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
    return _page(MoveForm(data={**typed, "zip_code": patient.zip_code, "county": patient.county_fips}))


@bp.post("/settings/address")
@access.patient
@access.step_up
def address_submit() -> ResponseReturnValue:
    """Keep another; ask for the county, or for a yes to another state, where that is needed."""
    form = MoveForm()
    if not form.validate_on_submit():
        return _page(form), 422
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
        return _page(form), 422
    if isinstance(became, WhichCounty):
        if "county" not in request.form:
            return _page(form, first_asked=became)  # a question, and nobody's mistake
        form.county.errors = [_("Choose your county from the list")]
        return _page(form), 422
    if became.needs_yes:
        return _another_state(form, became)
    flash(_("Your address is changed.") if became.changed else _("Nothing was changed."), "good")
    return redirect(url_for("enrollment.moved" if became.another_state else "accounts.settings"), code=303)


@bp.get("/moved")
@access.patient
def moved() -> ResponseReturnValue:
    """What living in another state means for care and money, and the one next step."""
    with db.reading() as session:
        found = moving.move_of(session, current_user.patient_id, visitor.catalog(), clock.now())
        booked = visits.booked_visit(session, current_user.patient_id)
        own = own_settings(session, current_user.user_id)
    if found is None or found.turn not in ("transfer", "stop"):
        return redirect(url_for("dashboard.home"))
    waiting = PlaceForm(data={"email": own.email, "state": key_of(found.lives_in, _closed_program(found))})
    return render_template(
        "enrollment/move/moved.html",
        move=found,
        name=_(found.lives_in_name),
        booked=booked,
        waitlist=None if _military(found) else waiting,
        zone=own.time_zone,
    )


def _closed_program(found: moving.Move) -> str:
    return found.program if found.program_closed else ""


def _military(found: moving.Move) -> bool:
    return found.lives_in.startswith("A") and place_name(found.lives_in) == place_name("AE")


def _page(form: MoveForm, *, first_asked: WhichCounty | None = None) -> str:
    """The form; with the counties to choose from wherever the ZIP leaves that open, whatever else is wrong."""
    which = first_asked or _which_county(form.zip_code.data or "")
    if which is not None:
        state = visitor.catalog().states[which.state]
        form.ask_county({county.fips: county.name for county in state.counties_of(which.zip_code)}, many=which.many)
    return render_template("enrollment/move/address.html", form=form, first_asked=first_asked)


def _which_county(zip_code: str) -> WhichCounty | None:
    catalog = visitor.catalog()
    try:
        found = spot(place_of_zip(catalog, zip_code), open_states(catalog, clock.now()))
    except Rejected:
        return None
    return found if isinstance(found, WhichCounty) else None


def _another_state(form: MoveForm, became: actions.Moved) -> ResponseReturnValue:
    """What a new state means, and a button: nothing is kept before it is pressed."""
    sent: dict[str, Any] = {field: form[field].data or "" for field in ("line1", "line2", "city", "zip_code", "county")}
    return render_template(
        "enrollment/move/another_state.html",
        sent={**sent, "yes_to": became.state},
        became=became,
        move=became.ahead,
        name=_(place_name(became.state)),
    )
