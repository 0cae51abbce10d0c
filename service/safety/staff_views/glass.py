"""Breaking the glass: why it asks, the reason, and the hour."""

from __future__ import annotations

from uuid import UUID

from flask import current_app, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from service.accounts.rules.care import CARERS
from service.kit import access, clock, web
from service.safety import actions
from service.safety.forms import GlassForm
from service.safety.staff_views import bp


@bp.get("/staff/patients/<uuid:patient_id>/break-glass")
@access.staff(*CARERS)
@access.step_up
def break_glass(patient_id: UUID) -> ResponseReturnValue:
    """What it means to open this record, and the form. Opens nothing by itself."""
    return _page(patient_id, GlassForm(formdata=None, data={"next": request.args.get("next", "")}))


@bp.post("/staff/patients/<uuid:patient_id>/break-glass")
@access.staff(*CARERS)
@access.step_up
def break_glass_submit(patient_id: UUID) -> ResponseReturnValue:
    """Open the record for an hour."""
    form = GlassForm()
    if not form.validate():
        return _page(patient_id, form, status=422)
    actions.break_glass(
        patient_id=patient_id,
        why=form.why.data,
        reason=form.reason.data,
        catalog=current_app.config["CATALOG"],
        actor=web.actor(),
        now=clock.now(),
        wall_now=clock.wall_now(),
    )
    return redirect(web.safe_next(form.next.data) or url_for("enrollment_staff.queue"), code=303)


def _page(patient_id: UUID, form: GlassForm, *, status: int = 200) -> ResponseReturnValue:
    found = actions.ask_to_look(patient_id=patient_id, actor=web.actor(), wall_now=clock.wall_now())
    onwards = web.safe_next(form.next.data) or url_for("enrollment_staff.queue")
    if found.on_team:
        return redirect(onwards, code=303)
    html = render_template(
        "safety/staff/break_glass.html",
        form=form,
        found=found,
        patient_id=patient_id,
        onwards=onwards,
        zone=current_user.time_zone,
    )
    return html, status
