"""A licence entered, renewed, looked up again or ended: each has a page that says what it means."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from flask import current_app, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.exceptions import NotFound

from service.kit import access, clock, web
from service.kit.errors import Conflict, Rejected
from service.kit.fields import Form
from service.visits.actions import licenses as actions
from service.visits.forms.clinicians import KIND_HINTS, EndForm, LicenseForm, RenewForm, VerifyForm
from service.visits.queries import Held, Practitioner
from service.visits.rules.licenses import KIND_WORDS
from service.visits.staff_views import bp
from service.visits.staff_views.clinicians import found_practice

FIELD_OF = {
    "kind_not_there": "kind",
    "license_number": "number",
    "dea_number": "number",
    "license_over": "expires_on",
    "license_too_far": "expires_on",
    "license_source": "source",
}


@bp.route("/staff/clinicians/<uuid:practitioner_id>/licenses/add", methods=["GET", "POST"])
@access.staff("owner")
@access.step_up
def add_license(practitioner_id: UUID) -> ResponseReturnValue:
    """Enter a licence or a registration."""
    form, states = LicenseForm(), current_app.config["CATALOG"].states
    form.offer(states)
    person = found_practice(practitioner_id).practitioner
    return _change(
        "add",
        person,
        None,
        form,
        lambda: actions.add_license(
            practitioner_id=practitioner_id,
            state=form.state.data,
            kind=form.kind.data,
            number=form.number.data,
            expires_on=form.expires_on.data,
            source=form.source.data,
            states=states,
            actor=web.actor(),
            now=clock.now(),
        ),
        _("The license is on file, looked up today."),
    )


@bp.route("/staff/clinicians/<uuid:practitioner_id>/licenses/<uuid:license_id>/renew", methods=["GET", "POST"])
@access.staff("owner")
@access.step_up
def renew_license(practitioner_id: UUID, license_id: UUID) -> ResponseReturnValue:
    """A new day of expiry, or a number put right."""
    person, held = _found(practitioner_id, license_id)
    form = RenewForm(number=held.number)
    return _change(
        "renew",
        person,
        held,
        form,
        lambda: actions.renew_license(
            practitioner_id=practitioner_id,
            license_id=license_id,
            number=form.number.data,
            expires_on=form.expires_on.data,
            source=form.source.data,
            actor=web.actor(),
            now=clock.now(),
        ),
        _("The license is renewed, looked up today."),
    )


@bp.route("/staff/clinicians/<uuid:practitioner_id>/licenses/<uuid:license_id>/verify", methods=["GET", "POST"])
@access.staff("owner")
@access.step_up
def verify_license(practitioner_id: UUID, license_id: UUID) -> ResponseReturnValue:
    """Looked up again, and it stands as it is on file."""
    person, held = _found(practitioner_id, license_id)
    form = VerifyForm(source=held.source)
    return _change(
        "verify",
        person,
        held,
        form,
        lambda: actions.verify_license(
            practitioner_id=practitioner_id,
            license_id=license_id,
            source=form.source.data,
            actor=web.actor(),
            now=clock.now(),
        ),
        _("Noted: looked up today."),
    )


@bp.route("/staff/clinicians/<uuid:practitioner_id>/licenses/<uuid:license_id>/end", methods=["GET", "POST"])
@access.staff("owner")
@access.step_up
def end_license(practitioner_id: UUID, license_id: UUID) -> ResponseReturnValue:
    """It counts no longer, from this moment."""
    person, held = _found(practitioner_id, license_id)
    return _change(
        "end",
        person,
        held,
        EndForm(),
        lambda: actions.end_license(
            practitioner_id=practitioner_id, license_id=license_id, actor=web.actor(), now=clock.now()
        ),
        _("The license counts no longer."),
    )


def _found(practitioner_id: UUID, license_id: UUID) -> tuple[Practitioner, Held]:
    found = found_practice(practitioner_id)
    for held in found.licenses:
        if held.id == license_id:
            return found.practitioner, held
    raise NotFound


def _change(
    what: str, person: Practitioner, held: Held | None, form: Form, act: Callable[[], object], done: str
) -> ResponseReturnValue:
    """The page before, or the change and back to the clinician. A no is said on the page that asked."""
    if form.validate_on_submit():
        try:
            act()
        except (Rejected, Conflict) as no:
            name = FIELD_OF.get(no.code, "")
            (form[name].errors if name in form else form.form_errors).append(_(no.message))
        else:
            flash(done, "good")
            return redirect(url_for(".clinician", practitioner_id=person.id), code=303)
    page = render_template(
        "visits/staff/license.html",
        what=what,
        person=person,
        held=held,
        form=form,
        kinds=KIND_WORDS,
        hints=KIND_HINTS,
        states=current_app.config["CATALOG"].states,
        zone=current_user.time_zone,
    )
    return page, 422 if form.errors else 200
