"""Completing what a clinician approved: a checklist of logistics, and the button behind it."""

from __future__ import annotations

from uuid import UUID

from flask import current_app, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from service.enrollment.actions import complete
from service.enrollment.rules.completion import missing
from service.enrollment.staff_views import bp
from service.kit import access, clock, web
from service.kit.errors import Conflict


@bp.get("/staff/enrollments/<uuid:enrollment_id>/complete")
@access.staff(*complete.ROLES)
def checklist(enrollment_id: UUID) -> ResponseReturnValue:
    """What is there, and what is missing."""
    return _page(enrollment_id)


@bp.post("/staff/enrollments/<uuid:enrollment_id>/complete")
@access.staff(*complete.ROLES)
def complete_submit(enrollment_id: UUID) -> ResponseReturnValue:
    """Complete it. Where something is missing the same page names it."""
    try:
        complete.complete_approval(
            enrollment_id=enrollment_id, catalog=current_app.config["CATALOG"], actor=web.actor(), now=clock.now()
        )
    except complete.NotReady:
        return _page(enrollment_id, status=422)
    except Conflict as no:
        flash(_(no.message), "bad")
    else:
        flash(_("The approval is complete. We wrote to the patient."), "good")
    return redirect(url_for(".record", enrollment_id=enrollment_id), code=303)


def _page(enrollment_id: UUID, *, status: int = 200) -> ResponseReturnValue:
    found = complete.open_checklist(enrollment_id=enrollment_id, actor=web.actor(), now=clock.now())
    if found.status != "decided":
        flash(_("There is nothing to complete here."), "info")
        return redirect(url_for(".record", enrollment_id=enrollment_id), code=303)
    page = render_template(
        "enrollment/staff/complete.html", found=found, lacking=missing(found.items), refused=status == 422
    )
    return page, status
