"""The one button that lets a stopped membership go on."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from flask import current_app, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from service.billing import actions
from service.billing.gateway import Bug
from service.billing.queries import NeedsPerson
from service.billing.staff_views import bp
from service.kit import access, clock, web
from service.safety import actions as safety


@bp.get("/staff/memberships/<uuid:membership_id>/go-on")
@access.staff("coordinator", "owner")
@access.step_up
def go_on(membership_id: UUID) -> ResponseReturnValue:
    """What going on means, and one button."""
    found = actions.open_membership(membership_id=membership_id, actor=web.actor())
    if found.kind != "stopped":
        return redirect(url_for("billing_staff.memberships"), code=303)
    return _page(found, ())


@bp.post("/staff/memberships/<uuid:membership_id>/go-on")
@access.staff("coordinator", "owner")
@access.step_up
def go_on_submit(membership_id: UUID) -> ResponseReturnValue:
    """Ask the gate; on its yes, charge for a new month."""
    try:
        done = actions.resume(
            membership_id=membership_id,
            gateway=current_app.config["GATEWAY"],
            catalog=current_app.config["CATALOG"],
            actor=web.actor(),
            now=clock.now(),
        )
    except Bug:
        flash(_("Stripe does not let this membership go on. Nothing was charged. Look at it in Stripe."), "bad")
        return redirect(url_for("billing_staff.memberships"), code=303)
    if done.outcome == "refused":
        found = actions.open_membership(membership_id=membership_id, actor=web.actor())
        reasons = [_(reason.message) for reason in done.reasons]
        return _page(found, reasons), 422
    if done.outcome == "goes_on":
        flash(_("The membership goes on. A new month began today."), "good")
    else:
        flash(_("The card was not charged, so the membership stays stopped. The patient may need another card."), "bad")
    return redirect(url_for("billing_staff.memberships"), code=303)


def _page(found: NeedsPerson, refused: Sequence[str]) -> str:
    until = safety.glass_until(patient_id=found.patient_id, actor=web.actor(), wall_now=clock.wall_now())
    return render_template(
        "billing/staff/go_on.html",
        membership=found,
        refused=refused,
        glass_until=until,
        zone=current_user.time_zone,
    )
