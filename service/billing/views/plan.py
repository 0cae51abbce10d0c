"""Another plan: choose, look at the exact amounts, agree."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from flask import current_app, flash, render_template
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user
from itsdangerous import BadData

from service.billing import actions
from service.billing.actions import PlanReview
from service.billing.forms.changes import PlanForm, changing_plan
from service.billing.gateway import LineFacts, Preview
from service.billing.rules import changes
from service.billing.rules.charges import day_of, is_given
from service.billing.views import bp
from service.billing.views.changing import Seen, attempt, look, reader, to_billing
from service.billing.views.common import catalog, gateway
from service.catalog.rules.plans import Plan
from service.kit import access, clock, limits, web
from service.kit.errors import Conflict
from service.kit.signing import KeptSerializer


@bp.get("/billing/plan")
@access.patient
def plan() -> ResponseReturnValue:
    """The plans, and how a change to each would be made."""
    seen = look()
    if seen is None or not seen.changes.plan.open:
        return to_billing(seen.changes.plan.why if seen else "no_membership")
    sold = catalog().on(day_of(seen.now, current_user.time_zone)).open_plans
    given = is_given(seen.card, seen.now)
    rows = [
        (
            _as_paid(one, seen.it),
            changes.plan_step(seen.it, one.key, one.price_cents),
            changes.WHY.get(changes.may_cost(seen.it, one.price_cents, given=given) or ""),
        )
        for one in sold
    ]
    return render_template(
        "billing/plan.html",
        membership=seen.card,
        current=seen.it.next_plan or seen.it.plan,
        rows=rows,
        until=seen.changes.plan.until,
        zone=current_user.time_zone,
    )


@bp.get("/billing/plan/<plan_key>")
@access.patient
def plan_review(plan_key: str) -> ResponseReturnValue:
    """What a change comes to, to the cent, as Stripe reckons it."""
    return _review(plan_key)


@bp.post("/billing/plan/<plan_key>")
@access.patient
@limits.per_address("30 per minute")
def plan_change(plan_key: str) -> ResponseReturnValue:
    """Change, for exactly what the page showed."""
    seen, form = look(), PlanForm()
    shown = _unseal(form.shown.data)
    if seen is None:
        return to_billing("no_membership")
    fits = shown is not None and (shown.plan.key, shown.membership_id) == (plan_key, seen.card.id)
    now = clock.now()
    rules = catalog().billing.changes
    if shown is None or not fits or not changes.still_counts(shown.at, seen.it.period_starts_at, rules, now):
        return _review(plan_key, stale=True)
    terms = changing_plan(shown, reader(seen.card)) if shown.asks_consent else None
    if terms is not None and not form.accepts(terms):
        return _page(seen, shown, form, 422)
    about: dict[str, Any] = {
        "patient_id": current_user.patient_id,
        "gateway": gateway(),
        "catalog": catalog(),
        "actor": web.actor(),
        "now": now,
    }

    def act() -> None:
        if shown.step == "now":
            assert terms is not None
            actions.change_plan(shown=shown, terms=terms, **about)
        else:
            actions.change_plan_later(plan_key=plan_key, terms=terms, **about)

    done = (
        _("Your plan is changed. We have sent you an email about it.")
        if shown.step == "now"
        else _("Your plan changes with your next charge. We have sent you an email about it.")
    )
    return attempt(act, done)


@bp.post("/billing/plan/undo")
@access.patient
def plan_keep() -> ResponseReturnValue:
    """Stay with the plan of this month."""
    return attempt(
        lambda: actions.keep_plan(
            patient_id=current_user.patient_id,
            gateway=gateway(),
            catalog=catalog(),
            actor=web.actor(),
            now=clock.now(),
        ),
        _("Your plan stays as it is."),
    )


def _as_paid(plan: Plan, it: changes.Running) -> Plan:
    """The plan at what this member pays for it, which may be less than it is sold for today."""
    known = {it.plan: it.price_cents, it.next_plan: it.next_price_cents}.get(plan.key)
    return replace(plan, price_cents=known) if known else plan


def _review(plan_key: str, *, stale: bool = False) -> ResponseReturnValue:
    seen = look()
    if seen is None:
        return to_billing("no_membership")
    try:
        shown = actions.review_plan(
            patient_id=current_user.patient_id, plan_key=plan_key, gateway=gateway(), catalog=catalog(), now=clock.now()
        )
    except Conflict as error:
        return to_billing(error.code)
    if shown.step == "undo":
        return to_billing("same_plan")
    if stale:
        flash(_("Too much time has passed, or something has changed. These are the amounts as of now."), "info")
    return _page(seen, shown, PlanForm(formdata=None), 422 if stale else 200)


def _page(seen: Seen, shown: PlanReview, form: PlanForm, status: int) -> ResponseReturnValue:
    terms = changing_plan(shown, reader(seen.card))
    form.beside(terms)
    form.shown.data, form.shown.raw_data = _seal(shown), None
    page = render_template(
        "billing/plan_review.html",
        form=form,
        terms=terms,
        review=shown,
        membership=seen.card,
        until=seen.changes.plan.until,
        minutes=int(catalog().billing.changes.review.total_seconds() // 60),
        zone=current_user.time_zone,
    )
    return page, status


def _signer() -> KeptSerializer:
    return KeptSerializer(current_app.config["SECRET_KEY"], salt="plan-review")


def _seal(shown: PlanReview) -> str:
    """The review as it travels in the form: nobody but us can change an amount in it."""
    preview = shown.preview
    return str(
        _signer().dumps(
            [
                str(shown.membership_id),
                shown.step,
                [shown.plan.key, shown.plan.price_cents],
                [shown.old_plan, shown.old_cents],
                int(shown.at.timestamp()),
                [int(shown.charge_at.timestamp()), shown.next_cents],
                shown.asks_consent,
                None if preview is None else [preview.amount_due_cents, preview.credit_cents],
                [
                    [one.id, one.kind, one.amount_cents, int(one.starts_at.timestamp()), int(one.ends_at.timestamp())]
                    for one in shown.lines
                ],
            ]
        )
    )


def _unseal(text: str | None) -> PlanReview | None:
    try:
        sealed: Any = _signer().loads(text or "")
        membership, step, to, old, at, coming, asks, due, lines = sealed
    except (BadData, ValueError, TypeError):
        return None
    plan = _sold(to[0], to[1])
    if plan is None:
        return None
    facts = tuple(LineFacts(one[0], one[1], one[2], starts_at=_at(one[3]), ends_at=_at(one[4])) for one in lines)
    return PlanReview(
        membership_id=UUID(membership),
        step=step,
        plan=plan,
        old_plan=old[0],
        old_cents=old[1],
        at=_at(at),
        charge_at=_at(coming[0]),
        next_cents=coming[1],
        asks_consent=asks,
        preview=None if due is None else Preview(due[0], due[1], facts),
    )


def _sold(key: str, price_cents: int) -> Plan | None:
    """The plan as it is sold today, if it still costs that."""
    found = catalog().on(day_of(clock.now(), current_user.time_zone)).plans.get(key)
    return found if found is not None and found.price_cents == price_cents else None


def _at(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
