"""What is booked, giving it back, and its entry for a calendar."""

from __future__ import annotations

from uuid import UUID

from flask import current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from config.brand import brand
from service.enrollment.actions import book as bookings
from service.enrollment.queries.booking import bookable
from service.enrollment.views import bp
from service.enrollment.views.booking.check import own_visit
from service.kit import access, clock, db, web
from service.kit.errors import Conflict
from service.visits import queries as visits
from service.visits.queries import Visit
from service.visits.rules import day
from service.visits.rules.calendar import entry


@bp.get("/visits")
@access.patient
def own_visits() -> ResponseReturnValue:
    """What is booked, with whom, and what there was before."""
    now, catalog = clock.now(), current_app.config["CATALOG"]
    with db.reading() as session:
        found = bookable(session, current_user.patient_id, catalog, now)
        every = visits.visits_of(session, current_user.patient_id)
    ahead, rules = found.ahead, catalog.visits
    return render_template(
        "enrollment/booking/visits.html",
        found=found,
        ahead=ahead,
        earlier=[visit for visit in every if ahead is None or visit.id != ahead.id],
        may_change=ahead is not None and found.open and day.may_change(ahead.starts_at, now, rules),
        may_cancel=ahead is not None and day.may_cancel(ahead.starts_at, now, rules),
        change_until=ahead.starts_at - rules.change_until if ahead else None,
        room=day.room_is(ahead.starts_at, ahead.ends_at, now, rules) if ahead else None,
        room_opens_at=ahead.starts_at - rules.opens_before if ahead else None,
        now=now,
        zone=current_user.time_zone,
    )


@bp.get("/visits/<uuid:visit_id>/cancel")
@access.patient
def cancel(visit_id: UUID) -> ResponseReturnValue:
    """Ask once before the time is given back."""
    visit = own_visit(visit_id)
    if visit.status != "booked":
        return redirect(url_for("enrollment.own_visits"), code=303)
    return render_template("enrollment/booking/cancel.html", visit=visit, zone=current_user.time_zone)


@bp.post("/visits/<uuid:visit_id>/cancel")
@access.patient
def cancel_submit(visit_id: UUID) -> ResponseReturnValue:
    """Give the time back."""
    try:
        bookings.cancel_visit(
            appointment_id=visit_id, catalog=current_app.config["CATALOG"], actor=web.actor(), now=clock.now()
        )
    except Conflict as no:
        flash(_(no.message), "bad")
    else:
        flash(_("Your visit is cancelled. You can choose another time whenever you like."), "good")
    return redirect(url_for("enrollment.own_visits"), code=303)


@bp.get("/visits/<uuid:visit_id>/calendar.ics")
@access.patient
def calendar(visit_id: UUID) -> ResponseReturnValue:
    """The visit for a calendar: when, and where to open it. What it is about stays here."""
    visit = own_visit(visit_id)
    if visit.status in ("held", "let_go"):
        return redirect(url_for("enrollment.own_visits"), code=303)
    settings = current_app.config["HOMEWARD"]
    with db.reading() as session:
        visit = _newest(visit, visits.visits_of(session, current_user.patient_id))
        first, changes = visits.chain_of(session, visit.id)
    body = entry(
        visit_id=first,
        changes=changes,
        starts_at=visit.starts_at,
        ends_at=visit.ends_at,
        cancelled=visit.status == "cancelled",
        title=_("Appointment"),
        practice=brand(settings.config_dir).name,
        url=settings.public_url.rstrip("/") + url_for("enrollment.own_visits"),
        host=request.host.partition(":")[0],
        now=clock.now(),
    )
    return current_app.response_class(
        body,
        mimetype="text/calendar",
        headers={"Content-Disposition": 'attachment; filename="appointment.ics"', "Cache-Control": "no-store"},
    )


def _newest(visit: Visit, every: list[Visit]) -> Visit:
    """What a visit was changed into, as often as it was: a calendar must not lose the entry that moved on."""
    after = {one.changed_from_id: one for one in every}
    while visit.id in after:
        visit = after[visit.id]
    return visit
