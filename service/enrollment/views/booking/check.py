"""The page before "Book": with whom, when, what it costs, and what somebody needs."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import current_app, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.exceptions import NotFound

from service.enrollment.actions import book as bookings
from service.enrollment.forms.booking import BookingForm, CheckForm
from service.enrollment.queries.booking import bookable
from service.enrollment.views import bp
from service.enrollment.views.booking.days import GONE, times_page
from service.kit import access, clock, db, web
from service.kit.errors import Conflict, Rejected, words
from service.visits import queries as visits
from service.visits.queries import Visit

OVER = words("We kept that time for ten minutes, and they are over. Nothing was booked. Here is what is open now.")


@bp.get("/visits/<uuid:visit_id>/check")
@access.patient
def check_visit(visit_id: UUID) -> ResponseReturnValue:
    """What is about to be booked, and until when it is kept."""
    visit = own_visit(visit_id)
    if visit.status == "held" and visit.held_until is not None and visit.held_until > clock.now():
        return _page(visit, CheckForm(formdata=None))
    return _over(visit, _(OVER)) if visit.status in ("held", "let_go") else _home()


@bp.post("/visits/<uuid:visit_id>/check")
@access.patient
def check_submit(visit_id: UUID) -> ResponseReturnValue:
    """Book it. Whoever took longer than it was kept gets a fresh list."""
    form = CheckForm()
    if not form.validate():
        return _page(own_visit(visit_id), form), 422
    try:
        changed = bookings.confirm_visit(
            appointment_id=visit_id,
            needs=form.needs.data or (),
            own_words=form.own_words.data or "",
            catalog=current_app.config["CATALOG"],
            actor=web.actor(),
            now=clock.now(),
        )
    except (Conflict, Rejected) as no:
        if no.code in GONE:
            return _over(own_visit(visit_id), _(no.message))
        flash(_(no.message), "bad")
        return _home()
    done = _("Your visit is changed.") if changed else _("Your visit is booked.")
    flash(f"{done} " + _("We sent you an email with the day and time."), "good")
    return _home()


def own_visit(visit_id: UUID) -> Visit:
    """One of one's own appointments. There is no other."""
    with db.reading() as session:
        visit = visits.visit(session, visit_id)
    if visit is None or visit.patient_id != current_user.patient_id:
        raise NotFound
    return visit


def _page(visit: Visit, form: CheckForm) -> str:
    with db.reading() as session:
        before = visits.visit(session, visit.changed_from_id) if visit.changed_from_id else None
        clinician = visits.practitioner(session, visit.practitioner_id)
    return render_template(
        "enrollment/booking/check.html",
        visit=visit,
        before=before,
        clinician=clinician,
        form=form,
        minutes=int((visit.ends_at - visit.starts_at) / timedelta(minutes=1)),
        zone=current_user.time_zone,
    )


def _over(visit: Visit, why: str) -> ResponseReturnValue:
    """The times of the same day again, or where visits stand when there is nothing to book any more."""
    with db.reading() as session:
        found = bookable(session, current_user.patient_id, current_app.config["CATALOG"], clock.now())
    if not found.open or found.held is not None:
        return _home()
    day = visit.starts_at.astimezone(ZoneInfo(current_user.time_zone)).date()
    form = BookingForm(formdata=None)
    return times_page(day, found, form, too_late=why, physician_asked=visit.physician_asked)


def _home() -> ResponseReturnValue:
    return redirect(url_for("enrollment.own_visits"), code=303)
