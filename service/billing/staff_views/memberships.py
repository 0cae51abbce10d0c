"""Memberships that need a person."""

from __future__ import annotations

from flask import render_template
from flask.typing import ResponseReturnValue
from flask_login import current_user

from service.billing import actions, rules
from service.billing.staff_views import bp
from service.enrollment.rules.gate import MESSAGES
from service.kit import access, web


@bp.get("/staff/memberships")
@access.staff("coordinator", "owner", "billing")
def memberships() -> ResponseReturnValue:
    """Stopped first, then unpaid, then ending; above them, messages of Stripe that nobody could act upon."""
    actor = web.actor()
    return render_template(
        "billing/staff/memberships.html",
        watch=actions.open_watch(actor=actor),
        sentences=MESSAGES,
        may_resume=actor.role in rules.MAY_RESUME,
        zone=current_user.time_zone,
    )
