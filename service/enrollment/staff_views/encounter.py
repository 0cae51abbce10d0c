"""Recording a visit and deciding."""

from __future__ import annotations

from uuid import UUID

from flask import current_app, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from service.enrollment.actions import decide, look
from service.enrollment.forms.decision import EncounterForm
from service.enrollment.queries.review import Record
from service.enrollment.staff_views import bp
from service.kit import access, clock, db, web
from service.kit.errors import Conflict
from service.visits import queries as visits


@bp.get("/staff/enrollments/<uuid:enrollment_id>/encounter")
@access.staff("clinician")
@access.step_up
def encounter(enrollment_id: UUID) -> ResponseReturnValue:
    """The form, beside what the patient answered."""
    record, form = _record(enrollment_id), EncounterForm(formdata=None)
    if record.booked is None:
        return redirect(url_for(".record", enrollment_id=enrollment_id), code=303)
    return _page(record, form)


@bp.post("/staff/enrollments/<uuid:enrollment_id>/encounter")
@access.staff("clinician")
@access.step_up
def encounter_submit(enrollment_id: UUID) -> ResponseReturnValue:
    """Sign and decide. What stands in the way is listed on the form, and nothing is kept."""
    record, form, zone = _record(enrollment_id), EncounterForm(), _own_zone()
    _fit(form, record, zone)
    if not form.validate():
        return _page(record, form, status=422)
    try:
        decide.record_decision(
            enrollment_id=enrollment_id,
            record=form.record(zone),
            catalog=current_app.config["CATALOG"],
            actor=web.actor(),
            now=clock.now(),
        )
    except decide.NotSignable as no:
        form.form_errors.extend(_(reason) for reason in no.reasons)
        return _page(record, form, status=422)
    except Conflict as no:
        flash(_(no.message), "bad")
    else:
        flash(_("The visit is signed and your decision is kept."), "good")
    return redirect(url_for(".record", enrollment_id=enrollment_id), code=303)


def _record(enrollment_id: UUID) -> Record:
    return look.open_record(
        enrollment_id=enrollment_id, catalog=current_app.config["CATALOG"], actor=web.actor(), now=clock.now()
    )


def _own_zone() -> str:
    """The clinician's own wall clock."""
    with db.reading() as session:
        own = visits.practitioner_of(session, current_user.user_id)
    return own.time_zone if own else str(current_user.time_zone)


def _fit(form: EncounterForm, record: Record, zone: str) -> None:
    states, code = current_app.config["CATALOG"].states, record.enrollment.state
    form.fit(states, code, zone, states[code].day(clock.now()))


def _page(record: Record, form: EncounterForm, *, status: int = 200) -> ResponseReturnValue:
    zone = _own_zone()
    _fit(form, record, zone)
    return render_template("enrollment/staff/encounter.html", form=form, record=record, zone=zone), status
