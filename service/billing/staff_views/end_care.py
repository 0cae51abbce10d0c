"""Care ends: why, then a page that says what will happen, then one button."""

from __future__ import annotations

from uuid import UUID

from flask import abort, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from service.billing.actions import stops
from service.billing.forms.end_care import EndCareForm, EndCareSureForm
from service.billing.rules.ending import DELIVERED_WORDS, MAY_END, WORDS, tells_nobody
from service.billing.staff_views import bp
from service.billing.staff_views.common import catalog, gateway
from service.kit import access, clock, web
from service.kit.errors import Conflict
from service.kit.format import money


@bp.get("/staff/enrollments/<uuid:enrollment_id>/end")
@access.staff(*MAY_END)
@access.step_up
def end_care(enrollment_id: UUID) -> ResponseReturnValue:
    """Why care ends, and whether anything was delivered."""
    try:
        found = _found(enrollment_id)
    except Conflict as no:
        return _back(enrollment_id, _(no.message), "info")
    return _form(found, EndCareForm(formdata=None).about(found.reasons))


@bp.post("/staff/enrollments/<uuid:enrollment_id>/end")
@access.staff(*MAY_END)
@access.step_up
def end_care_review(enrollment_id: UUID) -> ResponseReturnValue:
    """What will happen. Nothing has yet."""
    try:
        found = _found(enrollment_id)
    except Conflict as no:
        return _back(enrollment_id, _(no.message), "info")
    form = EndCareForm().about(found.reasons)
    if not form.validate():
        return _form(found, form, 422)
    return render_template(
        "billing/staff/end_care_sure.html",
        found=found,
        cents=found.gives_back[(form.reason.data, form.delivered.data)],
        reason=_(WORDS[form.reason.data]),
        delivered=_(DELIVERED_WORDS[form.delivered.data]),
        silent=tells_nobody(form.reason.data),
        fields={"reason": form.reason.data, "delivered": form.delivered.data, "note": form.note.data or ""},
        zone=current_user.time_zone,
    )


@bp.post("/staff/enrollments/<uuid:enrollment_id>/end/sure")
@access.staff(*MAY_END)
@access.step_up
def end_care_submit(enrollment_id: UUID) -> ResponseReturnValue:
    """End it. Pressed twice it is one end, and nothing is given back twice."""
    sent = EndCareSureForm()
    try:
        if not sent.validate():
            _found(enrollment_id)  # whose it is comes before what was sent
            abort(422)
        done = stops.end_care(
            enrollment_id=enrollment_id,
            reason=sent.reason.data,
            delivered=sent.delivered.data,
            note=sent.note.data or "",
            gateway=gateway(),
            catalog=catalog(),
            actor=web.actor(),
            now=clock.now(),
            wall_now=clock.wall_now(),
        )
    except Conflict as no:
        return _back(enrollment_id, _(no.message), "info")
    said = _("Their care is over. Nothing is charged any more.")
    if done.given_back_cents:
        said += " " + _("%(amount)s goes back to their card.", amount=money(done.given_back_cents))
    if not done.answered:
        said += " " + _("Stripe has not answered yet; it is asked again by itself until it has.")
    flash(said, "good")
    # Nobody looks after them from now on, so the record is closed to whoever did.
    return redirect(url_for("enrollment_staff.queue"), code=303)


def _found(enrollment_id: UUID) -> stops.Ending:
    return stops.open_ending(enrollment_id=enrollment_id, catalog=catalog(), actor=web.actor(), now=clock.now())


def _form(found: stops.Ending, form: EndCareForm, status: int = 200) -> ResponseReturnValue:
    return render_template("billing/staff/end_care.html", found=found, form=form, zone=current_user.time_zone), status


def _back(enrollment_id: UUID, said: str, tone: str) -> ResponseReturnValue:
    flash(said, tone)
    return redirect(url_for("enrollment_staff.record", enrollment_id=enrollment_id), code=303)
