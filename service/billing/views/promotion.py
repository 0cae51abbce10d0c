"""A promotion code for a running membership: typed, shown in words, used."""

from __future__ import annotations

from flask import render_template
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from service.billing import actions
from service.billing.actions import CodeOffer
from service.billing.forms.changes import CodeForm
from service.billing.gateway import Bug
from service.billing.rules.changes import may_use_code
from service.billing.views import bp
from service.billing.views.changing import attempt, look, to_billing
from service.billing.views.common import catalog, gateway
from service.kit import access, clock, limits, web
from service.kit.errors import Conflict, Rejected, TryAgain


@bp.get("/billing/code")
@access.patient
def code() -> ResponseReturnValue:
    """Where to type it."""
    return _page(CodeForm(formdata=None), None, 200)


@bp.post("/billing/code")
@access.patient
@limits.per_address("10 per minute")
def code_find() -> ResponseReturnValue:
    """What this code would do."""
    seen, form = look(), CodeForm()
    if seen is None or may_use_code(seen.it) is not None:
        return to_billing(may_use_code(seen.it) if seen else "no_membership")
    typed = (form.code.data or "").strip()
    if not typed:
        form.code.errors = [_("Type your code")]
        return _page(form, None, 422)
    try:
        offer = actions.find_code(
            code=typed,
            patient_id=current_user.patient_id,
            price_cents=seen.card.next_price_cents or seen.card.price_cents,
            credit_cents=seen.card.credit_cents,
            gateway=gateway(),
            catalog=catalog(),
            now=seen.now,
        )
    except (Rejected, Conflict) as error:
        form.code.errors = [_(error.message)]
        return _page(form, None, 422)
    except (TryAgain, Bug):
        form.code.errors = [_("We could not look your code up just now. Try again in a minute.")]
        return _page(form, None, 503)
    return _page(form, offer, 200)


@bp.post("/billing/code/use")
@access.patient
@limits.per_address("10 per minute")
def code_use() -> ResponseReturnValue:
    """Use it from the next charge on."""
    form = CodeForm()
    typed = (form.code.data or "").strip()
    return attempt(
        lambda: actions.apply_promotion(
            patient_id=current_user.patient_id,
            code=typed,
            gateway=gateway(),
            catalog=catalog(),
            actor=web.actor(),
            now=clock.now(),
        ),
        _("Your code counts from the next charge on. We have sent you an email about it."),
    )


def _page(form: CodeForm, offer: CodeOffer | None, status: int) -> ResponseReturnValue:
    seen = look()
    why = may_use_code(seen.it) if seen else "no_membership"
    if seen is None or why is not None:
        return to_billing(why)
    page = render_template(
        "billing/code.html", form=form.named(), offer=offer, membership=seen.card, zone=current_user.time_zone
    )
    return page, status
