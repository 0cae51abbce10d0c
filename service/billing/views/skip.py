"""Leaving out charges, taking that back, and starting again in a month that was left out."""

from __future__ import annotations

from flask import render_template
from flask.typing import ResponseReturnValue
from flask_babel import get_locale
from flask_babel import gettext as _
from flask_login import current_user

from service.billing import actions
from service.billing.forms import AgreementForm
from service.billing.forms.changes import SkipForm, starting_again
from service.billing.rules import changes
from service.billing.rules.charges import coming_cents, following_cents, months_after
from service.billing.rules.terms import Terms
from service.billing.views import bp
from service.billing.views.changing import Seen, attempt, look, reader, to_billing
from service.billing.views.common import catalog, gateway
from service.kit import access, clock, limits, web


@bp.get("/billing/skip")
@access.patient
def skip() -> ResponseReturnValue:
    """For how long, and what that means for care."""
    return _page(SkipForm(formdata=None), 200)


@bp.post("/billing/skip")
@access.patient
@limits.per_address("30 per minute")
def skip_submit() -> ResponseReturnValue:
    """Leave the next charges out."""
    seen, form = look(), SkipForm()
    if seen is None or not seen.changes.skip.open:
        return to_billing(seen.changes.skip.why if seen else "no_membership")
    _offer(form, seen)
    if not form.validate():
        form.months.errors = [_("Choose how long")]
        return _page(form, 422)
    return attempt(
        lambda: actions.skip(
            patient_id=current_user.patient_id,
            months=int(form.months.data),
            gateway=gateway(),
            catalog=catalog(),
            actor=web.actor(),
            now=seen.now,
        ),
        _("It is done: nothing is charged until then. We have sent you an email about it."),
    )


@bp.post("/billing/skip/undo")
@access.patient
def skip_undo() -> ResponseReturnValue:
    """Do not leave a charge out after all."""
    return attempt(
        lambda: actions.unskip(
            patient_id=current_user.patient_id,
            gateway=gateway(),
            catalog=catalog(),
            actor=web.actor(),
            now=clock.now(),
        ),
        _("No charge is left out. The next one comes as before."),
    )


@bp.get("/billing/start-again")
@access.patient
def start_again() -> ResponseReturnValue:
    """What starting again today costs."""
    seen = look()
    if seen is None or not seen.changes.restart.open:
        return to_billing(seen.changes.restart.why if seen else "no_membership")
    return _again(seen, AgreementForm(formdata=None), 200)


@bp.post("/billing/start-again")
@access.patient
@limits.per_address("30 per minute")
def start_again_submit() -> ResponseReturnValue:
    """A paid month from today on."""
    seen, form = look(), AgreementForm()
    if seen is None or not seen.changes.restart.open:
        return to_billing(seen.changes.restart.why if seen else "no_membership")
    terms = _terms(seen)
    if not form.accepts(terms):
        return _again(seen, form, 422)
    return attempt(
        lambda: actions.restart(
            patient_id=current_user.patient_id,
            due_cents=coming_cents(seen.card, seen.now),
            terms=terms,
            gateway=gateway(),
            catalog=catalog(),
            actor=web.actor(),
            now=seen.now,
        ),
        _("Your membership has started again. We have sent you an email about it."),
    )


def _page(form: SkipForm, status: int) -> ResponseReturnValue:
    seen = look()
    if seen is None or not seen.changes.skip.open:
        return to_billing(seen.changes.skip.why if seen else "no_membership")
    page = render_template(
        "billing/skip.html",
        form=_offer(form, seen),
        membership=seen.card,
        changes=seen.changes,
        rules=catalog().billing.changes,
        zone=current_user.time_zone,
    )
    return page, status


def _offer(form: SkipForm, seen: Seen) -> SkipForm:
    choices = changes.skips(seen.it, catalog().billing.changes, seen.past.months_left_out)
    return form.offer(choices, current_user.time_zone, str(get_locale()))


def _again(seen: Seen, form: AgreementForm, status: int) -> ResponseReturnValue:
    terms = _terms(seen)
    form.beside(terms)
    page = render_template(
        "billing/start_again.html", form=form, terms=terms, membership=seen.card, zone=current_user.time_zone
    )
    return page, status


def _terms(seen: Seen) -> Terms:
    key = seen.card.next_plan or seen.card.plan
    plan = catalog().plans.get(key)
    today, next_at = seen.now, months_after(seen.now, 1)
    return starting_again(
        plan=key,
        name=plan.name if plan else _("Monthly membership"),
        price_cents=seen.card.next_price_cents or seen.card.price_cents,
        due_cents=coming_cents(seen.card, today),
        next_cents=following_cents(seen.card, today, next_at),
        next_at=next_at,
        reader=reader(seen.card),
    )
