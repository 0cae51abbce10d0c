"""The days with open times, the times of one day, and the one that is chosen."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import groupby
from zoneinfo import ZoneInfo

from flask import current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_locale
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.exceptions import NotFound

from service.enrollment.actions import hold
from service.enrollment.forms.booking import BookingForm, slot_value
from service.enrollment.queries.booking import Bookable, bookable
from service.enrollment.views import bp
from service.kit import access, clock, db, web
from service.kit.errors import Conflict, Rejected
from service.kit.format import zone_name
from service.visits import queries as visits
from service.visits.queries import OpenTime
from service.visits.rules import day as rules
from service.visits.rules.times import SLOT

FEW = 8  # clinicians whose names are offered one by one
GONE = ("time_taken", "hold_over")  # a fresh list is the answer


@bp.get("/visits/book")
@access.patient
def book_days() -> ResponseReturnValue:
    """The days with open times, over the next two weeks."""
    found = _found()
    if found is None:
        return _elsewhere()
    return render_template(
        "enrollment/booking/days.html",
        days=_open_days(found, only_physicians=_physician(found)),
        found=found,
        physician=_physician(found),
        zone=current_user.time_zone,
    )


@bp.get("/visits/book/<day>")
@access.patient
def book_times(day: str) -> ResponseReturnValue:
    """The open times of one day."""
    found = _found()
    return _elsewhere() if found is None else times_page(_day(day), found, BookingForm(formdata=None))


@bp.post("/visits/book")
@access.patient
def book() -> ResponseReturnValue:
    """Keep the chosen time for ten minutes. Whoever was a moment too late gets the times that are left."""
    form = BookingForm()
    chosen, found = form.chosen(), _found()
    if found is None:
        return _elsewhere()
    if chosen is None and not form.day.data:
        return redirect(url_for("enrollment.book_days"), code=303)
    if chosen is None:
        return times_page(_day(form.day.data), found, form, ask=True)
    practitioner_id, starts_at = chosen
    try:
        visit_id = hold.hold_time(
            practitioner_id=practitioner_id,
            starts_at=starts_at,
            physician_only=_physician(found),
            catalog=current_app.config["CATALOG"],
            actor=web.actor(),
            now=clock.now(),
        )
    except (Conflict, Rejected) as no:
        if no.code not in GONE:
            flash(_(no.message), "bad")
            return redirect(url_for("enrollment.own_visits"), code=303)
        day = starts_at.astimezone(ZoneInfo(current_user.time_zone)).date()
        return times_page(day, found, BookingForm(formdata=None), too_late=_(no.message))
    return redirect(url_for("enrollment.check_visit", visit_id=visit_id), code=303)


def times_page(
    day: date,
    found: Bookable,
    form: BookingForm,
    *,
    ask: bool = False,
    too_late: str | None = None,
    physician_asked: bool = False,
) -> ResponseReturnValue:
    """The times of `day`, after a no with its sentence above them. `physician_asked`: for the time they held."""
    physician = physician_asked or _physician(found)
    here = _open_times(found, day, only_physicians=physician)
    zone, locale = current_user.time_zone, str(get_locale() or "en")
    people = {str(time.practitioner.id): time.practitioner.title for time in here}
    wanted = request.values.get("with", "")
    offered = _one_each([time for time in here if wanted not in people or str(time.practitioner.id) == wanted])
    form.offer(offered, zone, locale)
    form.day.data, form.physician.data = day.isoformat(), "yes" if physician else ""
    if ask:
        form.ask()
    page = render_template(
        "enrollment/booking/times.html",
        form=form,
        day=day,
        hints={slot_value(time): zone_name(time.starts_at, ZoneInfo(zone), locale) for time in offered},
        people=people,
        few=len(people) <= FEW,
        wanted=wanted if wanted in people else "",
        physician=physician,
        later=next((other for other in _open_days(found, only_physicians=physician) if other > day), None),
        found=found,
        zone=zone,
        minutes=int(current_app.config["CATALOG"].visits.hold_for / timedelta(minutes=1)),
        too_late=too_late,
    )
    return page, 409 if too_late else 422 if ask else 200


def _found() -> Bookable | None:
    """What this patient may book now; None where choosing a time is not the next step."""
    catalog, now = current_app.config["CATALOG"], clock.now()
    with db.reading() as session:
        found = bookable(session, current_user.patient_id, catalog, now)
    if not found.open or (found.ahead and not rules.may_change(found.ahead.starts_at, now, catalog.visits)):
        return None
    return found


def _open_days(found: Bookable, *, only_physicians: bool) -> list[date]:
    if found.wanted is None:
        return []
    with db.reading() as session:
        return visits.open_days(
            session,
            state=found.wanted.state,
            now=clock.now(),
            physician_only=only_physicians,
            zone=current_user.time_zone,
        )


def _open_times(found: Bookable, day: date, *, only_physicians: bool) -> list[OpenTime]:
    if found.wanted is None:
        return []
    with db.reading() as session:
        return visits.open_times(
            session,
            state=found.wanted.state,
            now=clock.now(),
            physician_only=only_physicians,
            zone=current_user.time_zone,
            days=(day, day),
        )


def _physician(found: Bookable) -> bool:
    """Did they ask for a physician, where their state gives them that right?"""
    return bool(found.notice) and request.values.get("physician") == "yes"


def _elsewhere() -> ResponseReturnValue:
    return redirect(url_for("enrollment.own_visits"), code=303)


def _one_each(times: list[OpenTime]) -> list[OpenTime]:
    """One tile for each time. Where several clinicians are open they take turns, so that no one is always first."""
    out = []
    for starts_at, several in groupby(times, lambda time: time.starts_at):
        choice = list(several)
        out.append(choice[int(starts_at.timestamp()) // int(SLOT.total_seconds()) % len(choice)])
    return out


def _day(text: str | None) -> date:
    try:
        return date.fromisoformat(text or "")
    except ValueError:
        raise NotFound from None
