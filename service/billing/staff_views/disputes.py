"""Payments that a cardholder's bank disputes: until when an answer may be given, and what to do."""

from __future__ import annotations

from uuid import UUID

from flask import abort, render_template
from flask.typing import ResponseReturnValue
from flask_login import current_user

from service.billing.actions.desk import look
from service.billing.staff_views import bp, words
from service.billing.staff_views.common import door
from service.kit import clock, web


@bp.get("/staff/memberships/disputes")
@door
def disputes() -> ResponseReturnValue:
    """Open ones first, then those that were closed."""
    return render_template(
        "billing/staff/disputes.html",
        disputes=look.open_disputes(actor=web.actor()),
        tags=words.dispute_tags(),
        reasons=words.dispute_reasons(),
        zone=current_user.time_zone,
    )


@bp.get("/staff/memberships/disputes/<uuid:dispute_id>")
@door
def dispute(dispute_id: UUID) -> ResponseReturnValue:
    """One of them, and what to do about it."""
    shown = look.open_disputes(actor=web.actor(), only=dispute_id)
    one = shown.found[0] if shown.found else abort(404)
    return render_template(
        "billing/staff/dispute.html",
        one=one,
        name=shown.names[one.patient_id],
        tags=words.dispute_tags(),
        reasons=words.dispute_reasons(),
        now=clock.now(),
        zone=current_user.time_zone,
    )
