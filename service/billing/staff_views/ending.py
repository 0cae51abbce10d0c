"""Staff act for a patient who asked: end with the paid month, end at once, or pause. Each page says what happens."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import flash, render_template
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user
from wtforms import RadioField
from wtforms.fields.choices import SelectChoice

from service.billing.actions.desk import ending, look
from service.billing.forms.giving import WhyForm
from service.billing.staff_views import bp
from service.billing.staff_views.common import back_to, catalog, door, gateway, say_answered
from service.catalog.rules.refunds import DELIVERED
from service.kit import access, clock, web
from service.kit.errors import Conflict
from service.kit.format import money


class EndForm(WhyForm):
    """When it ends; where at once, what was delivered."""

    when = RadioField(default="period_end")
    delivered = RadioField(default="this_month")


@bp.get("/staff/memberships/<uuid:membership_id>/end")
@door
@access.step_up
def end(membership_id: UUID) -> ResponseReturnValue:
    """When it ends, and what each way gives back."""
    return _end_page(membership_id, EndForm(formdata=None))


@bp.post("/staff/memberships/<uuid:membership_id>/end")
@door
@access.step_up
def end_submit(membership_id: UUID) -> ResponseReturnValue:
    """End it as the patient asked."""
    form = _with_choices(EndForm())
    if not form.validate():
        return _end_page(membership_id, form, 422)
    same: dict[str, Any] = {
        "membership_id": membership_id,
        "why": form.why.data,
        "gateway": gateway(),
        "catalog": catalog(),
        "actor": web.actor(),
        "now": clock.now(),
    }
    try:
        if form.when.data == "now":
            done = ending.end_for(delivered=form.delivered.data, **same)
            text = _("The membership has ended. %(amount)s goes back to the card.", amount=money(done.given_back_cents))
        else:
            done = ending.cancel_for(**same)
            text = _("It ends with the paid month. The patient is told by e-mail, and can stay after all until then.")
    except Conflict as no:
        flash(_(no.message), "info")
    else:
        say_answered(done.answered, text)
    return back_to(membership_id)


@bp.get("/staff/memberships/<uuid:membership_id>/pause")
@door
@access.step_up
def pause(membership_id: UUID) -> ResponseReturnValue:
    """What pausing means."""
    return _pause_page(membership_id, WhyForm(formdata=None))


@bp.post("/staff/memberships/<uuid:membership_id>/pause")
@door
@access.step_up
def pause_submit(membership_id: UUID) -> ResponseReturnValue:
    """No charge until somebody lets it go on."""
    form = WhyForm()
    if not form.validate():
        return _pause_page(membership_id, form, 422)
    try:
        done = ending.pause_for(
            membership_id=membership_id,
            why=form.why.data,
            gateway=gateway(),
            catalog=catalog(),
            actor=web.actor(),
            now=clock.now(),
        )
    except Conflict as no:
        flash(_(no.message), "info")
    else:
        say_answered(done.answered, _("Charges are paused. The patient is told by e-mail."))
    return back_to(membership_id)


def _with_choices(form: EndForm) -> EndForm:
    form.when.label.text = _("When it ends")
    form.when.choices = [SelectChoice("period_end", _("With the paid month")), SelectChoice("now", _("At once"))]
    form.delivered.label.text = _("If at once: what was delivered?")
    names = {
        "nothing_yet": _("Nothing, ever"),
        "not_this_month": _("Nothing of this month"),
        "this_month": _("Something of this month, or nobody knows"),
    }
    form.delivered.choices = [SelectChoice(one, names[one]) for one in DELIVERED]
    return form


def _end_page(membership_id: UUID, form: EndForm, status: int = 200) -> ResponseReturnValue:
    one = look.open_one(membership_id=membership_id, actor=web.actor())
    if not one.live:
        flash(_("This membership does not charge anybody."), "info")
        return back_to(membership_id)
    back = ending.gives_back(membership_id=membership_id, catalog=catalog(), actor=web.actor(), now=clock.now())
    page = render_template(
        "billing/staff/end.html",
        one=one,
        form=_with_choices(form),
        hints={key: _("Gives back %(amount)s", amount=money(cents)) for key, cents in back.items()},
        zone=current_user.time_zone,
    )
    return page, status


def _pause_page(membership_id: UUID, form: WhyForm, status: int = 200) -> ResponseReturnValue:
    one = look.open_one(membership_id=membership_id, actor=web.actor())
    if not one.live or one.line.status == "stopped":
        flash(_("This membership is stopped already."), "info")
        return back_to(membership_id)
    return render_template("billing/staff/pause.html", one=one, form=form, zone=current_user.time_zone), status
