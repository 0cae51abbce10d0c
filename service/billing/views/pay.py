"""A payment that did not go through: try it again now, at the bank where it asks, and what to do when it says no."""

from __future__ import annotations

from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from service.billing import actions, queries
from service.billing.gateway import Bug, Declined, NeedsAction
from service.billing.queries.receipts import open_charge
from service.billing.views import bp
from service.billing.views.common import catalog, gateway
from service.kit import access, clock, db, limits, web
from service.kit.errors import Conflict, TryAgain


@bp.get("/billing/pay")
@access.patient
def pay() -> ResponseReturnValue:
    """What is open, with which card it would be paid, and the button."""
    return _page(200)


@bp.post("/billing/pay")
@access.patient
@limits.per_address("20 per minute")
def pay_submit() -> ResponseReturnValue:
    """Try to collect it now. Pressing twice is one charge."""
    try:
        done = actions.pay_now(
            patient_id=current_user.patient_id,
            invoice_id=_id(request.form.get("charge", "")),
            amount_cents=_cents(request.form.get("amount_cents", "")),
            gateway=gateway(),
            catalog=catalog(),
            actor=web.actor(),
            now=clock.now(),
        )
    except actions.GateSaysNo as no:
        return render_template("billing/not_yet.html", codes=no.codes, member=True), 422
    except Conflict as no:
        flash(_(no.message), "info")
        return redirect(url_for("billing.billing"), code=303)
    except Declined as no:
        return _page(422, declined=str(no))
    except NeedsAction:
        return redirect(url_for("billing.pay_at_bank"), code=303)
    except (TryAgain, Bug):
        return _page(503, unknown=True)
    if done == "paid":
        flash(_("Paid. Thank you: your membership goes on."), "good")
    else:
        flash(_("We are confirming your payment. Do not pay again: look again in a few minutes."), "info")
    return redirect(url_for("billing.billing"), code=303)


@bp.get("/billing/pay/bank")
@access.patient
def pay_at_bank() -> ResponseReturnValue:
    """The bank wants the patient to confirm: what that is, and the way there."""
    with db.reading() as session:
        owed = open_charge(session, current_user.patient_id)
    if owed is None:
        return redirect(url_for("billing.billing"), code=303)
    return render_template("billing/bank.html", owed=owed, zone=current_user.time_zone)


@bp.get("/billing/pay/bank/go")
@access.patient
@limits.per_address("20 per minute")
def go_to_bank() -> ResponseReturnValue:
    """On to Stripe's own page for this charge, where the bank asks."""
    with db.reading() as session:
        owed = open_charge(session, current_user.patient_id)
    if owed is None:
        return redirect(url_for("billing.billing"), code=303)
    try:
        page = actions.bank_page(patient_id=current_user.patient_id, invoice_id=owed.id, gateway=gateway())
    except Conflict:
        return redirect(url_for("billing.billing"), code=303)
    except (TryAgain, Bug):
        return _page(503, unknown=True)
    return redirect(page, code=303)


@bp.post("/billing/pay/look")
@access.patient
@limits.per_address("20 per minute")
def look_again() -> ResponseReturnValue:
    """Back from the bank: how it stands now."""
    try:
        actions.look_again(patient_id=current_user.patient_id, gateway=gateway(), catalog=catalog(), now=clock.now())
    except (TryAgain, Bug):
        return _page(503, unknown=True)
    with db.reading() as session:
        owed = open_charge(session, current_user.patient_id)
    if owed is None:
        flash(_("Paid. Thank you: your membership goes on."), "good")
        return redirect(url_for("billing.billing"), code=303)
    flash(_("Your bank has not confirmed it yet."), "info")
    return redirect(url_for("billing.pay_at_bank"), code=303)


def _page(status: int, *, declined: str = "", unknown: bool = False) -> ResponseReturnValue:
    with db.reading() as session:
        owed = open_charge(session, current_user.patient_id)
        found = queries.membership_of(session, current_user.patient_id)
    if owed is None or found is None:
        flash(_("There is nothing to pay."), "info")
        return redirect(url_for("billing.billing"), code=303)
    page = render_template(
        "billing/pay.html",
        owed=owed,
        membership=found,
        advice=_advice(declined) if declined else "",
        unknown=unknown,
        zone=current_user.time_zone,
    )
    return page, status


def _advice(code: str) -> str:
    """What to do about a no, by Stripe's code."""
    words = {
        "expired_card": _("Your card is out of date. Give us another card, then pay."),
        "insufficient_funds": _("There is not enough on the card today. Use another card, or pay when there is."),
        "incorrect_cvc": _("The security code did not fit. Give us the card again, or another one."),
        "processing_error": _("Your bank could not answer. Try again in a few minutes."),
        "card_not_supported": _("This kind of card cannot be used. Give us another one."),
    }
    otherwise = _("Your bank said no. Call the number on your card to hear why, or use another card.")
    return str(words.get(code, otherwise))


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        return UUID(int=0)


def _cents(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 12 else 0
