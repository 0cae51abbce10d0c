"""A new price: what it is, from when, and a box for whoever agrees."""

from __future__ import annotations

from uuid import UUID

from flask import render_template
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from service.billing import actions, queries
from service.billing.forms import AgreementForm
from service.billing.forms.changes import new_price
from service.billing.rules.terms import Terms
from service.billing.views import bp
from service.billing.views.changing import Seen, attempt, look, reader, to_billing
from service.billing.views.common import catalog, gateway
from service.kit import access, limits, web


@bp.get("/billing/price")
@access.patient
def price() -> ResponseReturnValue:
    """Old price, new price, from which charge, and what happens without a yes."""
    seen = look()
    found = _asked(seen)
    if seen is None or found is None:
        return to_billing("nothing_to_undo")
    return _page(seen, found, AgreementForm(formdata=None), 200)


@bp.post("/billing/price")
@access.patient
@limits.per_address("30 per minute")
def price_agree() -> ResponseReturnValue:
    """Yes."""
    seen, form = look(), AgreementForm()
    found = _asked(seen)
    if seen is None or found is None:
        return to_billing("nothing_to_undo")
    terms = _terms(seen, found)
    if not form.accepts(terms):
        return _page(seen, found, form, 422)
    notice_id: UUID = found.notice_id
    return attempt(
        lambda: actions.agree_to_price(
            patient_id=current_user.patient_id,
            notice_id=notice_id,
            terms=terms,
            gateway=gateway(),
            catalog=catalog(),
            actor=web.actor(),
            now=seen.now,
        ),
        _("Thank you. We have sent you an email about it."),
    )


def _asked(seen: Seen | None) -> queries.NewPrice | None:
    """The new price that waits for a yes, or that a membership is ending for."""
    found = seen.changes.new_price if seen else None
    if seen is None or found is None:
        return None
    ending = found.outcome == "ended" and seen.card.cancels_at_period_end
    return found if (found.asks(seen.now) and not seen.card.ends) or ending else None


def _page(seen: Seen, found: queries.NewPrice, form: AgreementForm, status: int) -> ResponseReturnValue:
    terms = _terms(seen, found)
    form.beside(terms)
    page = render_template(
        "billing/price.html",
        form=form,
        terms=terms,
        price=found,
        membership=seen.card,
        zone=current_user.time_zone,
    )
    return page, status


def _terms(seen: Seen, found: queries.NewPrice) -> Terms:
    key = seen.card.next_plan or seen.card.plan
    plan = catalog().plans.get(key)
    name = plan.name if plan else _("Monthly membership")
    return new_price(found=found, plan=key, name=name, reader=reader(seen.card))
