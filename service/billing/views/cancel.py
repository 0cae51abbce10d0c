"""Cancelling, and staying after all: as easy as it was to begin, and no page that argues."""

from __future__ import annotations

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from service.billing import actions, queries
from service.billing.forms import LeavingForm
from service.billing.gateway import Bug
from service.billing.queries import MembershipCard
from service.billing.views import bp
from service.billing.views.changing import look
from service.billing.views.common import catalog, gateway
from service.kit import access, clock, db, web
from service.kit.errors import Conflict, TryAgain
from service.kit.format import moment, money


@bp.get("/billing/cancel")
@access.patient
def cancel() -> ResponseReturnValue:
    """What cancelling means, when it may end, one offer, and one button."""
    found = _mine()
    if found is None or found.status == "ended" or found.cancels_at_period_end:
        return redirect(url_for("billing.billing"), code=303)
    return _page(LeavingForm(formdata=None), found)


@bp.post("/billing/cancel")
@access.patient
def cancel_submit() -> ResponseReturnValue:
    """No further charge."""
    found, form = _mine(), LeavingForm()
    if found is None or found.status == "ended":
        flash(_("You have no membership to cancel."), "info")
        return redirect(url_for("billing.billing"), code=303)
    _offer(form, found)
    if not form.validate():
        return _page(form, found, 422)
    said = {
        "patient_id": current_user.patient_id,
        "gateway": gateway(),
        "catalog": catalog(),
        "actor": web.actor(),
        "now": clock.now(),
        "reason": form.reason.data,
        "comment": form.comment.data or "",
    }
    if form.when.data == "now":
        heard = actions.end_now(**said)
        flash(_("Your membership has ended. You will not be charged again."), "good")
        if not heard:
            flash(_("Our payment provider has not confirmed it yet. We go on asking; you do not have to."), "info")
        return redirect(url_for("billing.billing"), code=303)
    try:
        actions.cancel(**said)
    except (TryAgain, Bug):
        flash(_("We have your cancellation. Our payment provider has not confirmed it yet; we go on asking."), "info")
        return redirect(url_for("billing.billing"), code=303)
    flash(_("Your membership is cancelled. You will not be charged again."), "good")
    return redirect(url_for("billing.billing"), code=303)


@bp.post("/billing/cancel/undo")
@access.patient
def cancel_undo() -> ResponseReturnValue:
    """Stay after all."""
    try:
        actions.undo_cancel(
            patient_id=current_user.patient_id,
            gateway=gateway(),
            catalog=catalog(),
            actor=web.actor(),
            now=clock.now(),
        )
    except actions.GateSaysNo as no:
        return render_template("billing/not_yet.html", codes=no.codes, stays_cancelled=True), 422
    except Conflict as no:
        if no.code != "price_first":
            raise
        return redirect(url_for("billing.price"), code=303)
    except Bug:
        actions.call_about_refusal(patient_id=current_user.patient_id, catalog=catalog(), now=clock.now())
        flash(
            _("Your membership is still cancelled: it cannot go on by itself. We have been told; call us to hear."),
            "bad",
        )
        return redirect(url_for("billing.billing"), code=303)
    flash(_("Your membership goes on."), "good")
    return redirect(url_for("billing.billing"), code=303)


def _mine() -> MembershipCard | None:
    with db.reading() as session:
        return queries.membership_of(session, current_user.patient_id)


def _offer(form: LeavingForm, found: MembershipCard) -> int:
    """The choices there are. Who owes for this month, or was stopped, can only end at once: then nothing is owed."""
    zone = current_user.time_zone
    back = actions.given_back_now(patient_id=current_user.patient_id, catalog=catalog(), now=clock.now())
    later = None
    if found.status == "active" and found.period_ends_at is not None:
        day = moment(found.period_ends_at, zone, "day-only long")
        words = _("When this month is over: %(day)s") if found.unpaid else _("When the paid month is over: %(day)s")
        later = words % {"day": day}
    today = _("Today. %(amount)s is paid back to your card", amount=money(back)) if back else _("Today")
    form.offer(later=later, now=today)
    return back


def _page(form: LeavingForm, found: MembershipCard, status: int = 200) -> ResponseReturnValue:
    back, seen = _offer(form, found), look()
    offer = url_for("billing.skip") if seen is not None and seen.changes.skip.open else None
    page = render_template(
        "billing/cancel.html",
        membership=found,
        form=form,
        back=back,
        days_left=found.paid_until is not None and found.paid_until > clock.now(),
        skip_url=offer,
        zone=current_user.time_zone,
    )
    return page, status
