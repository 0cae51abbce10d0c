"""Choosing a plan, paying, and what a patient sees of it afterwards."""

from __future__ import annotations

from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from config.brand import brand
from service.billing import actions, queries, rules
from service.billing.forms import CheckoutForm
from service.billing.gateway import Declined, Gateway, NeedsAction
from service.catalog.rules.plans import Plan
from service.catalog.rules.whole import Catalog
from service.kit import access, clock, db, limits, web
from service.kit.errors import Conflict, TryAgain

bp = Blueprint("billing", __name__)


def _catalog() -> Catalog:
    catalog: Catalog = current_app.config["CATALOG"]
    return catalog


def _gateway() -> Gateway:
    gateway: Gateway = current_app.config["GATEWAY"]
    return gateway


@bp.get("/membership")
@access.patient
def membership() -> ResponseReturnValue:
    """The plans with everything that matters before paying, or what has to come first."""
    with db.reading() as session:
        start = queries.start_of(session, current_user.patient_id, _catalog(), clock.now())
    if start.member:
        return redirect(url_for("billing.billing"), code=303)
    if start.missing:
        return _not_yet(start.missing)
    chosen = _catalog().plans.get(request.args.get("plan", ""))
    plan = chosen if chosen is not None and chosen.open else _catalog().open_plans[0]
    return _choose(CheckoutForm(formdata=None), plan)


@bp.post("/membership/checkout")
@access.patient
@limits.per_address("30 per minute")
def checkout() -> ResponseReturnValue:
    """To the pay page. Pressing twice leads to the same one."""
    form = CheckoutForm()
    plan = _catalog().plans.get(form.plan.data or "")
    if plan is None or not form.accepts(plan):
        form.accepts(plan)
        return _choose(form, plan if plan is not None and plan.open else _catalog().open_plans[0], status=422)
    try:
        page = actions.start_checkout(
            patient_id=current_user.patient_id,
            plan_key=plan.key,
            agreed=True,
            gateway=_gateway(),
            catalog=_catalog(),
            actor=web.actor(),
            now=clock.now(),
        )
    except actions.NotYet as error:
        return _not_yet(error.codes, status=422)
    except Conflict:
        return redirect(url_for("billing.billing"), code=303)
    except (TryAgain, Declined, NeedsAction):
        form.agreed.errors = [
            _("We could not open the payment page just now. Nothing was charged. Try again in a minute.")
        ]
        return _choose(form, plan, status=503)
    return redirect(page, code=303)


@bp.get("/membership/return")
@access.patient
def checkout_return() -> ResponseReturnValue:
    """Back from the pay page: right whether Stripe's message came first or comes later."""
    session_id = request.args.get("session_id", "")
    now = clock.now()
    outcome = actions.confirm_checkout(
        session_id=session_id, patient_id=current_user.patient_id, gateway=_gateway(), catalog=_catalog(), now=now
    )
    with db.reading() as session:
        card = queries.membership_of(session, current_user.patient_id)
    if outcome == "not_paid":
        return render_template("billing/not_paid.html")
    template = "billing/started.html" if outcome == "paid" else "billing/confirming.html"
    again = url_for("billing.checkout_return", session_id=session_id)
    return render_template(template, membership=card, zone=current_user.time_zone, again=again)


@bp.get("/membership/cancelled")
@access.patient
def checkout_cancelled() -> ResponseReturnValue:
    """Came back without paying."""
    return render_template("billing/not_paid.html")


@bp.get("/billing")
@access.patient
def billing() -> ResponseReturnValue:
    """What it costs and when, what was paid, and how to cancel."""
    with db.reading() as session:
        card = queries.membership_of(session, current_user.patient_id)
        receipts = queries.receipts_of(session, current_user.patient_id)
    return render_template(
        "billing/billing.html",
        membership=card,
        plan=_catalog().plans.get(card.plan) if card else None,
        receipts=receipts,
        zone=current_user.time_zone,
    )


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
        patient_id=current_user.patient_id, gateway=_gateway(), catalog=_catalog(), actor=web.actor(), now=clock.now()
    )
    flash(_("Your membership is cancelled. You will not be charged again."), "good")
    return redirect(url_for("billing.billing"), code=303)


@bp.post("/billing/cancel/undo")
@access.patient
def cancel_undo() -> ResponseReturnValue:
    """Stay after all."""
    actions.undo_cancel(
        patient_id=current_user.patient_id, gateway=_gateway(), catalog=_catalog(), actor=web.actor(), now=clock.now()
    )
    flash(_("Your membership goes on."), "good")
    return redirect(url_for("billing.billing"), code=303)


def _choose(form: CheckoutForm, plan: Plan, status: int = 200) -> ResponseReturnValue:
    web.allow_form_redirect_to(current_app.config["HOMEWARD"].checkout_origin)
    page = render_template(
        "billing/membership.html",
        form=form.about(plan),
        plan=plan,
        plans=_catalog().open_plans,
        today=clock.now(),
        next_charge_at=rules.month_after(clock.now()),
        zone=current_user.time_zone,
        descriptor=brand(current_app.config["HOMEWARD"].config_dir).name.upper(),
    )
    return page, status


def _not_yet(codes: tuple[str, ...], status: int = 200) -> ResponseReturnValue:
    return render_template("billing/not_yet.html", codes=codes), status
