"""Choosing a plan, agreeing, and the way to the pay page and back."""

from __future__ import annotations

from flask import current_app, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_locale
from flask_babel import gettext as _
from flask_login import current_user

from config.brand import brand
from service.billing import actions, queries
from service.billing.forms import CheckoutForm, starting
from service.billing.forms.changes import CodeForm
from service.billing.gateway import Bug, Declined, NeedsAction
from service.billing.queries.receipts import first_paid_at, invoices_page
from service.billing.rules.charges import day_of
from service.billing.rules.terms import Terms
from service.billing.views import bp
from service.billing.views.common import catalog, gateway
from service.catalog.rules.plans import Plan
from service.catalog.rules.whole import Catalog
from service.kit import access, clock, db, limits, web
from service.kit.errors import Conflict, Rejected, TryAgain

LONGEST_CODE = 40  # of what somebody typed, this much is shown again


def _sold_today() -> Catalog:
    """The catalog with what a plan costs somebody who begins today: a new price counts for them from its day on."""
    return catalog().on(day_of(clock.now(), current_user.time_zone))


@bp.get("/membership")
@access.patient
@limits.per_address("60 per minute")
def membership() -> ResponseReturnValue:
    """The plans with everything that matters before paying, or what has to come first. `code`: a promotion code."""
    elsewhere = _not_here()
    if elsewhere is not None:
        return elsewhere
    chosen = _sold_today().plans.get(request.args.get("plan", ""))
    plan = chosen if chosen is not None and chosen.open else _sold_today().open_plans[0]
    typed = request.args.get("code", "")
    offer, problem = _offered(typed, plan)
    if "code" in request.args and not typed.strip():
        problem = _("Type your code")
    return _choose(CheckoutForm(formdata=None), plan, offer, problem=problem, code=typed)


@bp.post("/membership/checkout")
@access.patient
@limits.per_address("30 per minute")
def checkout() -> ResponseReturnValue:
    """To the pay page. Pressing twice leads to the same one."""
    form = CheckoutForm()
    plan = _sold_today().plans.get(form.plan.data or "")
    shown = plan if plan is not None and plan.open else _sold_today().open_plans[0]
    offer, problem = _offered(form.code.data or "", shown)
    terms = _terms(shown, offer)
    if problem or not form.accepts_plan(plan, terms) or plan is None:
        return _not_here(status=422) or _choose(
            form, shown, offer, status=422, problem=problem, code=form.code.data or ""
        )
    try:
        page = actions.start_checkout(
            patient_id=current_user.patient_id,
            plan_key=plan.key,
            terms=terms,
            code=offer,
            gateway=gateway(),
            catalog=_sold_today(),
            actor=web.actor(),
            now=clock.now(),
        )
    except actions.NotYet as error:
        return _not_yet(error.codes, status=422)
    except Conflict:
        return redirect(url_for("billing.billing"), code=303)
    except Bug:
        actions.call_about_refusal(patient_id=current_user.patient_id, catalog=_sold_today(), now=clock.now())
        form.agreed.errors = [
            _("The payment page cannot be opened. Nothing was charged. We have been told; call us to hear more.")
        ]
        return _choose(form, plan, offer, status=503)
    except (TryAgain, Declined, NeedsAction):
        form.agreed.errors = [
            _("We could not open the payment page just now. Nothing was charged. Try again in a minute.")
        ]
        return _choose(form, plan, offer, status=503)
    return redirect(page, code=303)


@bp.get("/membership/return")
@access.patient
def checkout_return() -> ResponseReturnValue:
    """Back from the pay page: right whether Stripe's message came first or comes later."""
    session_id = request.args.get("session_id", "")
    now = clock.now()
    outcome = actions.confirm_checkout(
        session_id=session_id, patient_id=current_user.patient_id, gateway=gateway(), catalog=_sold_today(), now=now
    )
    with db.reading() as session:
        card = queries.membership_of(session, current_user.patient_id)
        charges, _more = invoices_page(session, current_user.patient_id, limit=1)
    if outcome == "not_paid":
        return render_template("billing/not_paid.html")
    template = "billing/started.html" if outcome == "paid" else "billing/confirming.html"
    again = url_for("billing.checkout_return", session_id=session_id)
    paid_cents = charges[0].paid_cents if charges else 0
    return render_template(template, membership=card, paid_cents=paid_cents, zone=current_user.time_zone, again=again)


@bp.get("/membership/cancelled")
@access.patient
def checkout_cancelled() -> ResponseReturnValue:
    """Came back without paying. Who paid meanwhile, in another tab, is a member."""
    with db.reading() as session:
        member = queries.has_membership(session, current_user.patient_id)
    return redirect(url_for("billing.billing"), code=303) if member else render_template("billing/not_paid.html")


def _not_here(status: int = 200) -> ResponseReturnValue | None:
    """For a member the page of their plan, and what has to come first for whoever cannot pay yet; None for the rest."""
    with db.reading() as session:
        start = queries.start_of(session, current_user.patient_id, _sold_today(), clock.now())
    if start.member:
        return redirect(url_for("billing.billing"), code=303)
    return _not_yet(start.missing, status) if start.missing else None


def _offered(typed: str, plan: Plan) -> tuple[actions.CodeOffer | None, str]:
    """What a code somebody typed does to this plan, and why it does nothing."""
    if not typed.strip():
        return None, ""
    try:
        offer = actions.find_code(
            code=typed,
            patient_id=current_user.patient_id,
            price_cents=plan.price_cents,
            gateway=gateway(),
            catalog=_sold_today(),
            now=clock.now(),
        )
    except (Rejected, Conflict) as no:
        return None, str(_(no.message))
    except (TryAgain, Bug):
        return None, str(_("We could not look your code up just now. Try again in a minute."))
    return offer, ""


def _terms(plan: Plan, offer: actions.CodeOffer | None) -> Terms:
    return starting(
        plan,
        now=clock.now(),
        zone=current_user.time_zone,
        descriptor=brand(current_app.config["HOMEWARD"].config_dir).name.upper(),
        language=str(get_locale()),
        again=_was_here(),
        code=offer,
    )


def _was_here() -> bool:
    """Did they pay before, so that this is coming back?"""
    with db.reading() as session:
        return first_paid_at(session, current_user.patient_id) is not None


def _choose(
    form: CheckoutForm,
    plan: Plan,
    offer: actions.CodeOffer | None,
    *,
    status: int = 200,
    problem: str = "",
    code: str = "",
) -> ResponseReturnValue:
    web.allow_form_redirect_to(current_app.config["HOMEWARD"].checkout_origin)
    terms, typed = _terms(plan, offer), CodeForm(formdata=None).named()
    if problem:
        typed.code.errors, typed.code.data = [problem], code[:LONGEST_CODE]
    page = render_template(
        "billing/membership.html",
        form=form.about(plan, terms, offer.code if offer else ""),
        terms=terms,
        plan=plan,
        plans=_sold_today().open_plans,
        offer=offer,
        typed=typed,
        again=terms.occasion == "return",
    )
    return page, status


def _not_yet(codes: tuple[str, ...], status: int = 200) -> ResponseReturnValue:
    return render_template("billing/not_yet.html", codes=codes), status
