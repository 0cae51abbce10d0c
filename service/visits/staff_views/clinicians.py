"""Who practises here. Coordinators look; owners change."""

from __future__ import annotations

from uuid import UUID

from flask import current_app, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.exceptions import NotFound

from service.accounts.rules.contact import US_ZONES, spoken_phone
from service.kit import access, clock, db, web
from service.kit.errors import Conflict, Rejected
from service.visits.actions import practise
from service.visits.forms.clinicians import AboutForm
from service.visits.queries.practice import Practice, clinicians_without_practice, practice, practices, rota
from service.visits.rules.licenses import KIND_WORDS
from service.visits.rules.rota import write_day
from service.visits.rules.times import local_day
from service.visits.staff_views import bp


@bp.get("/staff/clinicians")
@access.staff("owner", "coordinator")
def clinicians() -> ResponseReturnValue:
    """Everybody who practises, and what is due about their licences."""
    now = clock.now()
    with db.reading() as session:
        found = practices(session)
        newcomers = clinicians_without_practice(session)
    return render_template(
        "visits/staff/clinicians.html",
        practices=found,
        newcomers=newcomers,
        due=[(one, held) for one in found for held in one.to_look_up(now)],
        now=now,
        kinds=KIND_WORDS,
        states=current_app.config["CATALOG"].states,
        may_change=current_user.role == "owner",
        zone=current_user.time_zone,
    )


@bp.get("/staff/clinicians/<uuid:practitioner_id>")
@access.staff("owner", "coordinator")
def clinician(practitioner_id: UUID) -> ResponseReturnValue:
    """One of them: who they are, their licences, their hours."""
    now, found = clock.now(), found_practice(practitioner_id)
    with db.reading() as session:
        hours = rota(session, practitioner_id, local_day(now, found.practitioner.time_zone))
    return render_template(
        "visits/staff/clinician.html",
        practice=found,
        person=found.practitioner,
        phone=spoken_phone(found.practitioner.phone) if found.practitioner.phone else "",
        week=[write_day(hours.week.get(number, ())) for number in range(7)],
        others=hours.others,
        now=now,
        clock=clock_of(found),
        kinds=KIND_WORDS,
        states=current_app.config["CATALOG"].states,
        may_change=current_user.role == "owner",
        zone=current_user.time_zone,
    )


@bp.route("/staff/clinicians/add/<uuid:user_id>", methods=["GET", "POST"])
@access.staff("owner")
@access.step_up
def begin(user_id: UUID) -> ResponseReturnValue:
    """Make a clinician on the team somebody whom patients can book."""
    form = AboutForm()
    form.fill(None)
    with db.reading() as session:
        name = dict(clinicians_without_practice(session)).get(user_id)
    if name is None:
        raise NotFound
    if form.validate_on_submit():
        try:
            added = practise.begin_practice(user_id=user_id, about=form.about(), actor=web.actor())
        except (Rejected, Conflict) as no:
            form.form_errors.append(_(no.message))
        else:
            flash(_("Saved. Add a license next; with hours, patients can book them."), "good")
            return redirect(url_for(".clinician", practitioner_id=added), code=303)
    elif not form.is_submitted():
        form.display_name.data = name
    page = render_template("visits/staff/about.html", form=form, name=name, person=None)
    return page, 422 if form.errors else 200


@bp.route("/staff/clinicians/<uuid:practitioner_id>/about", methods=["GET", "POST"])
@access.staff("owner")
@access.step_up
def about(practitioner_id: UUID) -> ResponseReturnValue:
    """Put right who a clinician is."""
    person = found_practice(practitioner_id).practitioner
    form = AboutForm(obj=person, display_name=person.name)
    form.fill(person)
    if form.validate_on_submit():
        try:
            practise.change_about(practitioner_id=practitioner_id, about=form.about(), actor=web.actor())
        except Rejected as no:
            form.form_errors.append(_(no.message))
        else:
            flash(_("Saved."), "good")
            return redirect(url_for(".clinician", practitioner_id=practitioner_id), code=303)
    page = render_template("visits/staff/about.html", form=form, name=person.name, person=person)
    return page, 422 if form.errors else 200


def clock_of(found: Practice) -> str:
    """The zone of their hours in words, where it has some."""
    zone = found.practitioner.time_zone
    return _(US_ZONES[zone]) if zone in US_ZONES else zone


def found_practice(practitioner_id: UUID) -> Practice:
    """The practice of that id, or the page that there is none."""
    with db.reading() as session:
        found = practice(session, practitioner_id)
    if found is None:
        raise NotFound
    return found
