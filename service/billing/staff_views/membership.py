"""One membership with its money and its story, and notes about it."""

from __future__ import annotations

from uuid import UUID

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from service.billing import rules
from service.billing.actions.desk import look, notes
from service.billing.forms.giving import NoteForm
from service.billing.staff_views import bp, words
from service.billing.staff_views.common import back_to, catalog, door
from service.billing.staff_views.timeline import timeline
from service.enrollment.rules.gate import MESSAGES
from service.kit import access, clock, web


@bp.get("/staff/memberships/<uuid:membership_id>")
@door
def membership(membership_id: UUID) -> ResponseReturnValue:
    """Everything about one membership's money."""
    return _page(membership_id, NoteForm(formdata=None))


@bp.get("/staff/patients/<uuid:patient_id>/membership")
@door
def of_patient(patient_id: UUID) -> ResponseReturnValue:
    """To a patient's membership, from an alert about them."""
    found = look.find(wanted=str(patient_id), actor=web.actor())
    return redirect(url_for(".membership", membership_id=found), code=303)


@bp.post("/staff/memberships/<uuid:membership_id>/notes")
@door
@access.step_up
def add_note(membership_id: UUID) -> ResponseReturnValue:
    """Write something down for the next colleague."""
    form = NoteForm()
    if not form.validate():
        return _page(membership_id, form, 422)
    notes.add_note(membership_id=membership_id, text=form.text.data, actor=web.actor(), now=clock.now())
    flash(_("The note is kept."), "good")
    return back_to(membership_id)


def _page(membership_id: UUID, form: NoteForm, status: int = 200) -> ResponseReturnValue:
    found = look.open_one(membership_id=membership_id, actor=web.actor())
    role = current_user.role
    page = render_template(
        "billing/staff/membership.html",
        one=found,
        form=form,
        plans=catalog().plans,
        sentences=MESSAGES,
        may_resume=role in rules.MAY_RESUME,
        may_give=role in rules.MAY_GIVE,
        tags=words.status_tags(),
        charge_tags=words.charge_tags(),
        given_tags=words.given_tags(),
        intent_tags=words.intent_tags(),
        dispute_tags=words.dispute_tags(),
        occasions=words.occasions(),
        kinds=words.line_kinds(),
        reasons=words.reasons(),
        meant_kinds=words.meant_kinds(),
        told=timeline(found),
        zone=current_user.time_zone,
    )
    return page, status
