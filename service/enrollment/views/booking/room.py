"""The room of a visit, from a quarter of an hour before it to half an hour after."""

from __future__ import annotations

from uuid import UUID

from flask import current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from service.accounts.queries.settings import OwnPatient, own_settings
from service.accounts.rules.contact import spoken_phone
from service.enrollment.actions import room as actions
from service.enrollment.forms.room import AT, WhereForm
from service.enrollment.queries.booking import Bookable, bookable
from service.enrollment.queries.consents import agreed_to_visits
from service.enrollment.queries.rooms import licensed
from service.enrollment.rules.booking import Wanted
from service.enrollment.views import bp
from service.enrollment.views.booking.check import own_visit
from service.kit import access, clock, db, web
from service.kit.errors import Conflict, Rejected
from service.visits import queries as visits
from service.visits.queries import Visit
from service.visits.rules.day import room_is, room_url

FIELDS = {"phone_unreadable": "callback", "county_missing": "county", "address_too_long": "address"}


@bp.get("/visits/<uuid:visit_id>/room")
@access.patient
def room(visit_id: UUID) -> ResponseReturnValue:
    """First where they are, then the way in; before and after, when it is open."""
    visit, found = own_visit(visit_id), _found()
    if visit.status != "booked" or found.wanted is None:
        return redirect(url_for("enrollment.own_visits"), code=303)
    rules = current_app.config["CATALOG"].visits
    is_open = room_is(visit.starts_at, visit.ends_at, clock.now(), rules)
    if is_open != "open":
        return render_template(
            "enrollment/booking/room_shut.html",
            visit=visit,
            why=is_open,
            opens_at=visit.starts_at - rules.opens_before,
            zone=current_user.time_zone,
        )
    if "away" in found.stops:
        return _away(found.wanted)
    with db.reading() as session:
        catalog = current_app.config["CATALOG"]
        if not licensed(session, visit, found.wanted.state, catalog, clock.now()):
            zone = current_user.time_zone
            return render_template("enrollment/booking/room_shut.html", visit=visit, why="nobody_may", zone=zone)
        if not agreed_to_visits(session, current_user.patient_id, found.wanted.state, catalog, clock.now()):
            return render_template("enrollment/booking/agree_first.html", visit=visit, zone=current_user.time_zone)
        state_of_it = visits.room_of(session, visit_id)
        said = state_of_it.attested if state_of_it else None
        reach = visits.reach(session, said.id) if said else None
    if state_of_it is None or said is None or reach is None or said.state != found.wanted.state or _again():
        return _where_page(visit, found, WhereForm(formdata=None))
    template = current_app.config["HOMEWARD"].video_url
    return render_template(
        "enrollment/booking/room.html",
        visit=visit,
        join=room_url(template, state_of_it.name),
        by_phone=state_of_it.by_phone_at is not None,
        callback=spoken_phone(reach.callback),
        zone=current_user.time_zone,
    )


@bp.post("/visits/<uuid:visit_id>/room")
@access.patient
def room_submit(visit_id: UUID) -> ResponseReturnValue:
    """Keep where they are. Out of the state the visit is for, the room stays shut."""
    visit, found = own_visit(visit_id), _found()
    if found.wanted is None:
        return redirect(url_for("enrollment.own_visits"), code=303)
    form, place = WhereForm(), current_app.config["CATALOG"].states[found.wanted.state]
    form.fit(place, _home(_patient()))
    if not (form.validate() and form.complete(place)):
        return _where_page(visit, found, form), 422
    try:
        inside = actions.say_where(
            appointment_id=visit_id,
            state=form.place(place),
            county_fips=form.county.data or "",
            emergency_address=(form.address.data or "") if form.help_to.data == AT else "",
            callback=form.callback.data or "",
            catalog=current_app.config["CATALOG"],
            actor=web.actor(),
            now=clock.now(),
        )
    except Rejected as no:
        form[FIELDS.get(no.code, "where")].errors = [_(no.message)]
        return _where_page(visit, found, form), 422
    except Conflict as no:
        if no.code == "away":
            return _away(found.wanted)
        if no.code == "agree_first":
            return redirect(url_for("enrollment.room", visit_id=visit_id), code=303)
        flash(_(no.message), "bad")
        return redirect(url_for("enrollment.own_visits"), code=303)
    if not inside:
        return _away(found.wanted)
    return redirect(url_for("enrollment.room", visit_id=visit_id), code=303)


@bp.post("/visits/<uuid:visit_id>/phone")
@access.patient
def phone(visit_id: UUID) -> ResponseReturnValue:
    """The picture failed: we call."""
    try:
        actions.go_by_phone(
            appointment_id=visit_id, catalog=current_app.config["CATALOG"], actor=web.actor(), now=clock.now()
        )
    except Conflict as no:
        flash(_(no.message), "bad")
    return redirect(url_for("enrollment.room", visit_id=visit_id), code=303)


def _found() -> Bookable:
    with db.reading() as session:
        return bookable(session, current_user.patient_id, current_app.config["CATALOG"], clock.now())


def _where_page(visit: Visit, found: Bookable, form: WhereForm) -> str:
    wish = found.wanted
    if wish is None:
        raise RuntimeError("the caller looked whether a visit is next")
    patient = _patient()
    home = _home(patient)
    form.fit(current_app.config["CATALOG"].states[wish.state], home)
    if not form.is_submitted():
        form.callback.data = spoken_phone(patient.phone) if patient.phone else ""
    if not home and not form.is_submitted():
        form.help_to.data = AT  # there is no other choice
    return render_template(
        "enrollment/booking/where.html", visit=visit, form=form, notice=found.notice, zone=current_user.time_zone
    )


def _away(wish: Wanted) -> str:
    state = current_app.config["CATALOG"].states[wish.state]
    return render_template("enrollment/booking/away.html", state=state.name)


def _patient() -> OwnPatient:
    with db.reading() as session:
        patient = own_settings(session, current_user.user_id).patient
    if patient is None:
        raise RuntimeError("the door lets patients in alone")
    return patient


def _home(patient: OwnPatient) -> str:
    """The address on file in one line; "" where there is none yet."""
    known = patient.address
    if known is None:
        return ""
    street = " ".join(part for part in (known.line1, known.line2) if part)
    return f"{street}, {known.city}, {patient.state} {patient.zip_code}"


def _again() -> bool:
    return request.args.get("again") == "yes"
