"""Another card: why, the way to Stripe's page for it, and back."""

from __future__ import annotations

from flask import current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from service.billing import actions, queries, rules
from service.billing.gateway import Bug, Declined, NeedsAction
from service.billing.queries.receipts import open_charge
from service.billing.views import bp
from service.billing.views.common import catalog, gateway
from service.kit import access, clock, db, limits, web
from service.kit.errors import Conflict, TryAgain


@bp.get("/billing/card")
@access.patient
def card() -> ResponseReturnValue:
    """The card there is, and the way to another."""
    return _page(200)


@bp.post("/billing/card")
@access.patient
@limits.per_address("30 per minute")
def card_submit() -> ResponseReturnValue:
    """To the page for a card. Pressing twice leads to the same one."""
    try:
        page = actions.start_card(
            patient_id=current_user.patient_id, gateway=gateway(), actor=web.actor(), now=clock.now()
        )
    except Conflict:
        return redirect(url_for("billing.billing"), code=303)
    except (TryAgain, Declined, NeedsAction, Bug):
        flash(
            _("We could not open the page for your card just now. Nothing has changed. Try again in a minute."), "bad"
        )
        return _page(503)
    return redirect(page, code=303)


@bp.get("/billing/card/return")
@access.patient
def card_return() -> ResponseReturnValue:
    """Back from it: right whether Stripe's message came first or comes later."""
    taken = actions.card_given(
        session_id=request.args.get("session_id", ""),
        patient_id=current_user.patient_id,
        gateway=gateway(),
        catalog=catalog(),
        actor=web.actor(),
        now=clock.now(),
    )
    with db.reading() as session:
        owed = open_charge(session, current_user.patient_id)
    if taken == "changed" and owed is not None:
        flash(_("Your new card is on. The payment that is open can go to it now."), "good")
        return redirect(url_for("billing.pay"), code=303)
    if taken == "changed":
        flash(_("Your new card is on. The next charge goes to it."), "good")
    elif taken == "waiting":
        flash(_("We are putting your new card on. Your old one stays until then; look again in a few minutes."), "info")
    else:
        flash(_("Your card was not changed. The one you had stays."), "info")
    return redirect(url_for("billing.billing"), code=303)


def _page(status: int) -> ResponseReturnValue:
    with db.reading() as session:
        found = queries.membership_of(session, current_user.patient_id)
    if found is None or found.status not in rules.LIVE:
        return redirect(url_for("billing.billing"), code=303)
    web.allow_form_redirect_to(current_app.config["HOMEWARD"].checkout_origin)
    return render_template("billing/card.html", membership=found, zone=current_user.time_zone), status
