"""Another date for the next charge."""

from __future__ import annotations

from datetime import date

from flask import render_template
from flask.typing import ResponseReturnValue
from flask_babel import get_locale
from flask_babel import gettext as _
from flask_login import current_user

from service.billing import actions
from service.billing.forms.changes import DateForm
from service.billing.rules import changes
from service.billing.views import bp
from service.billing.views.changing import attempt, look, to_billing
from service.billing.views.common import catalog, gateway
from service.kit import access, limits, web


@bp.get("/billing/date")
@access.patient
def move() -> ResponseReturnValue:
    """The days to which the next charge may be moved."""
    return _page(DateForm(formdata=None), 200)


@bp.post("/billing/date")
@access.patient
@limits.per_address("30 per minute")
def move_submit() -> ResponseReturnValue:
    """Move it."""
    seen, form = look(), DateForm()
    if seen is None or not seen.changes.move.open:
        return to_billing(seen.changes.move.why if seen else "no_membership")
    form.offer(changes.later_days(seen.it, catalog().billing.changes), str(get_locale()))
    if not form.validate():
        form.day.errors = [_("Choose one of these days")]
        return _page(form, 422)
    return attempt(
        lambda: actions.move_date(
            patient_id=current_user.patient_id,
            day=date.fromisoformat(form.day.data),
            gateway=gateway(),
            catalog=catalog(),
            actor=web.actor(),
            now=seen.now,
        ),
        _("The date of your charge is moved. We have sent you an email about it."),
    )


def _page(form: DateForm, status: int) -> ResponseReturnValue:
    seen = look()
    if seen is None or not seen.changes.move.open:
        return to_billing(seen.changes.move.why if seen else "no_membership")
    form.offer(changes.later_days(seen.it, catalog().billing.changes), str(get_locale()))
    page = render_template(
        "billing/date.html",
        form=form,
        membership=seen.card,
        changes=seen.changes,
        rules=catalog().billing.changes,
        zone=current_user.time_zone,
    )
    return page, status
