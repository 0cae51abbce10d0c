"""Cancelling, and staying after all."""

from __future__ import annotations

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from service.billing import actions, queries, rules
from service.billing.views import bp
from service.billing.views.common import catalog, gateway
from service.kit import access, clock, db, web


@bp.get("/billing/cancel")
@access.patient
def cancel() -> ResponseReturnValue:
    """What cancelling means, and one button."""
    with db.reading() as session:
        card = queries.membership_of(session, current_user.patient_id)
    if card is None or card.status not in rules.LIVE or card.cancels_at_period_end:
        return redirect(url_for("billing.billing"), code=303)
    return render_template("billing/cancel.html", membership=card, zone=current_user.time_zone)


@bp.post("/billing/cancel")
@access.patient
def cancel_submit() -> ResponseReturnValue:
    """No further charge."""
    actions.cancel(
        patient_id=current_user.patient_id, gateway=gateway(), catalog=catalog(), actor=web.actor(), now=clock.now()
    )
    flash(_("Your membership is cancelled. You will not be charged again."), "good")
    return redirect(url_for("billing.billing"), code=303)


@bp.post("/billing/cancel/undo")
@access.patient
def cancel_undo() -> ResponseReturnValue:
    """Stay after all."""
    actions.undo_cancel(
        patient_id=current_user.patient_id, gateway=gateway(), catalog=catalog(), actor=web.actor(), now=clock.now()
    )
    flash(_("Your membership goes on."), "good")
    return redirect(url_for("billing.billing"), code=303)
