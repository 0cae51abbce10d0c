"""A clinician's week and the days unlike it: their own, or for an owner anybody's."""

from __future__ import annotations

from uuid import UUID

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_login import current_user

from service.kit import access, clock, db, web
from service.kit.errors import Conflict, Rejected
from service.visits.actions import hours as actions
from service.visits.forms.hours import OtherDayForm, WeekForm
from service.visits.queries import practitioner_of
from service.visits.queries.practice import Practice, rota
from service.visits.rules.licenses import KIND_WORDS
from service.visits.rules.times import local_day
from service.visits.staff_views import bp
from service.visits.staff_views.clinicians import clock_of, found_practice


@bp.get("/staff/hours")
@access.staff("clinician")
def own_hours() -> ResponseReturnValue:
    """To one's own hours; who does not practise yet reads whom to ask."""
    with db.reading() as session:
        own = practitioner_of(session, current_user.user_id)
    if own is None:
        return render_template("visits/staff/no_practice.html")
    return redirect(url_for(".hours", practitioner_id=own.id), code=303)


@bp.route("/staff/clinicians/<uuid:practitioner_id>/hours", methods=["GET", "POST"])
@access.staff("owner", "clinician")
def hours(practitioner_id: UUID) -> ResponseReturnValue:
    """The week, to be changed, and the days unlike it."""
    found, now = _own(practitioner_id), clock.now()
    with db.reading() as session:
        kept = rota(session, practitioner_id, local_day(now, found.practitioner.time_zone))
    form = WeekForm()
    if form.validate_on_submit():
        outside = actions.set_week(practitioner_id=practitioner_id, week=form.week(), actor=web.actor(), now=now)
        flash(_("The hours are saved. Patients can book them from now on."), "good")
        if outside:
            flash(
                ngettext(
                    "One visit stays booked outside of these hours. It takes place unless you cancel it.",
                    "%(num)s visits stay booked outside of these hours. They take place unless you cancel them.",
                    len(outside),
                ),
                "bad",
            )
        return redirect(url_for(".hours", practitioner_id=practitioner_id), code=303)
    if not form.is_submitted():
        form.show(kept.week)
    page = render_template(
        "visits/staff/hours.html",
        form=form,
        practice=found,
        person=found.practitioner,
        others=kept.others,
        clock=clock_of(found),
        is_me=found.practitioner.user_id == current_user.user_id,
        kinds=KIND_WORDS,
        now=now,
    )
    return page, 422 if form.errors else 200


@bp.route("/staff/clinicians/<uuid:practitioner_id>/hours/day", methods=["GET", "POST"])
@access.staff("owner", "clinician")
def other_day(practitioner_id: UUID) -> ResponseReturnValue:
    """A day unlike the others. Where visits are booked in what is to be closed, the page shows them and asks."""
    found, form, touched = _own(practitioner_id), OtherDayForm(), []
    if form.validate_on_submit():
        starts, ends = form.span()
        try:
            actions.add_other_day(
                practitioner_id=practitioner_id,
                day=form.day.data,
                opens=form.what.data == "extra",
                starts=starts,
                ends=ends,
                keep_booked=form.keep.data,
                actor=web.actor(),
                now=clock.now(),
            )
        except actions.TouchesVisits as no:
            touched = no.begin
            form.form_errors.append(_(no.message))
        except (Rejected, Conflict) as no:
            field = {"day_not_ahead": form.day, "backwards": form.ends, "from_and_to": form.starts}.get(no.code)
            (form.form_errors if field is None else field.errors).append(_(no.message))
        else:
            flash(_("The day is noted."), "good")
            return redirect(url_for(".hours", practitioner_id=practitioner_id), code=303)
    page = render_template(
        "visits/staff/other_day.html",
        form=form,
        person=found.practitioner,
        touched=touched,
        is_me=found.practitioner.user_id == current_user.user_id,
    )
    return page, 409 if touched else 422 if form.errors else 200


@bp.post("/staff/clinicians/<uuid:practitioner_id>/hours/day/<uuid:exception_id>/remove")
@access.staff("owner", "clinician")
def remove_day(practitioner_id: UUID, exception_id: UUID) -> ResponseReturnValue:
    """That day is like its weekday again."""
    _own(practitioner_id)
    actions.remove_other_day(practitioner_id=practitioner_id, exception_id=exception_id, actor=web.actor())
    flash(_("That day is like its weekday again."), "good")
    return redirect(url_for(".hours", practitioner_id=practitioner_id), code=303)


def _own(practitioner_id: UUID) -> Practice:
    """Somebody's practice, for themselves and for owners. Raises NotAllowed for a colleague's."""
    found = found_practice(practitioner_id)
    if current_user.role != "owner" and found.practitioner.user_id != current_user.user_id:
        raise actions.NOT_YOURS
    return found
