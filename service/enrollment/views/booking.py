"""Booking the free consultation: the days, the times of one day, what was booked, giving it back."""

from __future__ import annotations

from datetime import date
from itertools import groupby
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_locale
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.exceptions import NotFound

from service.enrollment.actions import book as bookings
from service.enrollment.forms.booking import BookingForm, slot_value
from service.enrollment.queries import records
from service.enrollment.views import bp
from service.kit import access, clock, db, web
from service.kit.errors import Conflict, Rejected
from service.kit.format import zone_name
from service.visits import queries as visits
from service.visits.queries import OpenTime
from service.visits.rules.times import SLOT

BOOKABLE = ("assessed", "more_info")


@bp.get("/visits")
@access.patient
def own_visits() -> ResponseReturnValue:
    """What is booked, with whom, and what there was before."""
    with db.reading() as session:
        found = visits.visits_of(session, current_user.patient_id)
        enrollment = records.current_enrollment(session, current_user.patient_id)
    ahead = next((visit for visit in found if visit.status == "booked"), None)
    return render_template(
        "enrollment/booking/visits.html",
        ahead=ahead,
        earlier=[visit for visit in found if visit is not ahead],
        may_book=enrollment is not None and enrollment.status in BOOKABLE,
        may_cancel=ahead is not None and ahead.starts_at > clock.now(),
        zone=current_user.time_zone,
    )


@bp.get("/visits/book")
@access.patient
def book_days() -> ResponseReturnValue:
    """The days with open times, over the next two weeks."""
    open_times = _open_times()
    if open_times is None:
        return _elsewhere()
    return render_template(
        "enrollment/booking/days.html",
        days={day: _one_each(times) for day, times in _by_day(open_times).items()},
        zone=current_user.time_zone,
        notice=_notice(),
    )


@bp.get("/visits/book/<day>")
@access.patient
def book_times(day: str) -> ResponseReturnValue:
    """The open times of one day."""
    open_times = _open_times()
    if open_times is None:
        return _elsewhere()
    return _times_page(_day(day), open_times, BookingForm(formdata=None))


@bp.post("/visits/book")
@access.patient
def book() -> ResponseReturnValue:
    """Book. Whoever was a moment too late gets the times that are left."""
    form = BookingForm()
    chosen = form.chosen()
    if chosen is None:
        open_times = _open_times()
        return _elsewhere() if open_times is None else _times_page(_day(form.day.data), open_times, form, ask=True)
    practitioner_id, starts_at = chosen
    try:
        bookings.book_visit(practitioner_id=practitioner_id, starts_at=starts_at, actor=web.actor(), now=clock.now())
    except (Conflict, Rejected) as no:
        open_times = _open_times()
        if open_times is None or no.code != "time_taken":
            flash(_(no.message), "bad")
            return redirect(url_for("enrollment.own_visits"), code=303)
        day = starts_at.astimezone(ZoneInfo(current_user.time_zone)).date()
        return _times_page(day, open_times, BookingForm(formdata=None), too_late=_(no.message))
    flash(_("Your visit is booked. We sent you an email with the day and time."), "good")
    return redirect(url_for("enrollment.own_visits"), code=303)


@bp.get("/visits/<uuid:visit_id>/cancel")
@access.patient
def cancel(visit_id: UUID) -> ResponseReturnValue:
    """Ask once before the time is given back."""
    with db.reading() as session:
        visit = visits.visit(session, visit_id)
    if visit is None or visit.patient_id != current_user.patient_id:
        raise NotFound
    if visit.status != "booked":
        return redirect(url_for("enrollment.own_visits"), code=303)
    return render_template("enrollment/booking/cancel.html", visit=visit, zone=current_user.time_zone)


@bp.post("/visits/<uuid:visit_id>/cancel")
@access.patient
def cancel_submit(visit_id: UUID) -> ResponseReturnValue:
    """Give the time back."""
    try:
        bookings.cancel_visit(appointment_id=visit_id, actor=web.actor(), now=clock.now())
    except Conflict as no:
        flash(_(no.message), "bad")
    else:
        flash(_("Your visit is cancelled. You can choose another time whenever you like."), "good")
    return redirect(url_for("enrollment.own_visits"), code=303)


def _open_times() -> list[OpenTime] | None:
    """What this patient may book now; None where booking is not the next step."""
    with db.reading() as session:
        enrollment = records.current_enrollment(session, current_user.patient_id)
        if enrollment is None or enrollment.status not in BOOKABLE:
            return None
        return visits.open_times(session, state=enrollment.state, now=clock.now())


def _elsewhere() -> ResponseReturnValue:
    return redirect(url_for("enrollment.own_visits"), code=303)


def _by_day(times: list[OpenTime]) -> dict[date, list[OpenTime]]:
    zone = ZoneInfo(current_user.time_zone)
    return {day: list(these) for day, these in groupby(times, lambda time: time.starts_at.astimezone(zone).date())}


def _times_page(
    day: date, open_times: list[OpenTime], form: BookingForm, *, ask: bool = False, too_late: str | None = None
) -> ResponseReturnValue:
    days, zone, locale = _by_day(open_times), current_user.time_zone, str(get_locale() or "en")
    here = days.get(day, [])
    people = {str(time.practitioner.id): time.practitioner.title for time in here}
    wanted = request.args.get("with", "")
    offered = _one_each([time for time in here if wanted not in people or str(time.practitioner.id) == wanted])
    form.offer(offered, zone, locale)
    form.day.data = day.isoformat()
    if ask:
        form.ask()
    page = render_template(
        "enrollment/booking/times.html",
        form=form,
        day=day,
        hints={slot_value(time): zone_name(time.starts_at, ZoneInfo(zone), locale) for time in offered},
        people=people,
        wanted=wanted if wanted in people else "",
        later=next((other for other in days if other > day), None),
        notice=_notice(),
        too_late=too_late,
    )
    return page, 409 if too_late else 422 if ask else 200


def _one_each(times: list[OpenTime]) -> list[OpenTime]:
    """One tile for each time. Where several clinicians are open they take turns, so that no one is always first."""
    out = []
    for starts_at, several in groupby(times, lambda time: time.starts_at):
        choice = list(several)
        out.append(choice[int(starts_at.timestamp()) // int(SLOT.total_seconds()) % len(choice)])
    return out


def _notice() -> str:
    """What the patient's state wants said before a visit (New Jersey: they may ask for a physician)."""
    with db.reading() as session:
        enrollment = records.current_enrollment(session, current_user.patient_id)
    state = current_app.config["CATALOG"].states.get(enrollment.state) if enrollment else None
    return state.notice_on(state.day(clock.now())) if state else ""


def _day(text: str | None) -> date:
    try:
        return date.fromisoformat(text or "")
    except ValueError:
        raise NotFound from None
