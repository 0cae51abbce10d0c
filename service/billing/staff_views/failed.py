"""Failed payments: what was tried and told, telling again, and dropping a charge."""

from __future__ import annotations

from uuid import UUID

from flask import flash, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from service.billing import rules
from service.billing.actions.desk import failed, look
from service.billing.forms.giving import WhyForm
from service.billing.queries.desk import Place
from service.billing.staff_views import bp, words
from service.billing.staff_views.common import back_to, catalog, door, gateway, giving_door, say_answered
from service.kit import access, clock, web
from service.kit.errors import Conflict


@bp.get("/staff/memberships/failed-payments")
@door
def failed_payments() -> ResponseReturnValue:
    """A page of failed payments: how much, how often it was tried, when next, what was told."""
    after, before = Place.read(request.args.get("after")), Place.read(request.args.get("before"))
    page, rows = look.open_failed(after=after, before=before, actor=web.actor())
    return render_template(
        "billing/staff/failed.html",
        rows=rows,
        may_drop=current_user.role in rules.MAY_GIVE,
        tags=words.status_tags(),
        following=url_for(".failed_payments", after=str(page.following)) if page.following else None,
        preceding=url_for(".failed_payments", before=str(page.preceding)) if page.preceding else None,
        zone=current_user.time_zone,
    )


@bp.post("/staff/memberships/<uuid:membership_id>/tell-again")
@door
@access.step_up
def tell_again(membership_id: UUID) -> ResponseReturnValue:
    """The mail about the failed charge, once more."""
    try:
        failed.tell_again(membership_id=membership_id, catalog=catalog(), actor=web.actor(), now=clock.now())
    except Conflict as no:
        flash(_(no.message), "info")
    else:
        flash(_("They are told again by e-mail."), "good")
    return back_to(membership_id)


@bp.get("/staff/memberships/<uuid:membership_id>/drop-charge")
@giving_door
@access.step_up
def drop_charge(membership_id: UUID) -> ResponseReturnValue:
    """What dropping the open charge means."""
    return _page(membership_id, WhyForm(formdata=None))


@bp.post("/staff/memberships/<uuid:membership_id>/drop-charge/<uuid:charge_id>")
@giving_door
@access.step_up
def drop_charge_submit(membership_id: UUID, charge_id: UUID) -> ResponseReturnValue:
    """Nobody owes it any more."""
    form = WhyForm()
    if not form.validate():
        return _page(membership_id, form, 422)
    try:
        done = failed.drop_charge(
            membership_id=membership_id,
            invoice_id=charge_id,
            why=form.why.data,
            gateway=gateway(),
            catalog=catalog(),
            actor=web.actor(),
            now=clock.now(),
        )
    except Conflict as no:
        flash(_(no.message), "info")
    else:
        say_answered(done.answered, _("The charge is dropped. The patient is told by e-mail."))
    return back_to(membership_id)


def _page(membership_id: UUID, form: WhyForm, status: int = 200) -> ResponseReturnValue:
    one = look.open_one(membership_id=membership_id, actor=web.actor())
    if one.open_charge is None:
        flash(_("No charge of this membership is open any more."), "info")
        return back_to(membership_id)
    page = render_template("billing/staff/drop.html", one=one, form=form, zone=current_user.time_zone)
    return page, status
