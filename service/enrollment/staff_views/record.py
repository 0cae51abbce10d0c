"""One person's record, and two small things done on it: taking it over, and noting that nobody came."""

from __future__ import annotations

from uuid import UUID

from flask import current_app, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from service.enrollment.actions import complete, look, miss
from service.enrollment.queries.queue import OVER
from service.enrollment.staff_views import bp
from service.enrollment.staff_views.queue import status_names
from service.enrollment.staff_views.words import encounter_context
from service.kit import access, clock, web
from service.kit.errors import Conflict


@bp.get("/staff/enrollments/<uuid:enrollment_id>")
@access.staff(*look.MAY_LOOK)
def record(enrollment_id: UUID) -> ResponseReturnValue:
    """The record, as far as the reader's role goes."""
    found = look.open_record(
        enrollment_id=enrollment_id, catalog=current_app.config["CATALOG"], actor=web.actor(), now=clock.now()
    )
    return render_template(
        "enrollment/staff/record.html",
        record=found,
        names={**status_names(), "declined": _("Declined"), "ended": _("Ended")},
        decisions={"approve": _("Approve"), "decline": _("Decline"), "more_info": _("Ask for more information")},
        may_decide=current_user.role == "clinician"
        and found.glass_until is None
        and found.booked is not None
        and found.enrollment.status not in OVER,
        may_complete=current_user.role in complete.ROLES and found.enrollment.status == "decided",
        may_miss=current_user.role in miss.ROLES
        and not found.glass_until
        and found.booked is not None
        and found.booked.ends_at <= clock.now(),
        may_end=found.enrollment.status not in OVER,
        may_take=not found.owner_name and found.enrollment.status not in OVER,
        zone=current_user.time_zone,
        **encounter_context(),
    )


@bp.post("/staff/enrollments/<uuid:enrollment_id>/take")
@access.staff(*look.MAY_LOOK)
def take(enrollment_id: UUID) -> ResponseReturnValue:
    """Become the one who looks after it, where nobody does."""
    try:
        look.take(
            enrollment_id=enrollment_id, catalog=current_app.config["CATALOG"], actor=web.actor(), now=clock.now()
        )
    except Conflict as no:
        flash(_(no.message), "bad")
        return redirect(url_for(".queue"), code=303)
    flash(_("This is yours now."), "good")
    return redirect(url_for(".record", enrollment_id=enrollment_id), code=303)


@bp.post("/staff/enrollments/<uuid:enrollment_id>/missed")
@access.staff(*miss.ROLES)
def missed(enrollment_id: UUID) -> ResponseReturnValue:
    """The visit was not held."""
    try:
        miss.mark_missed(enrollment_id=enrollment_id, actor=web.actor(), now=clock.now())
    except Conflict as no:
        flash(_(no.message), "bad")
    else:
        flash(_("Noted. We wrote to the patient how to book again."), "good")
    return redirect(url_for(".record", enrollment_id=enrollment_id), code=303)
