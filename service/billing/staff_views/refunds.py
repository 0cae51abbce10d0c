"""Money back: how much and why, then a page that says what will happen, then one button."""

from __future__ import annotations

from uuid import UUID

from flask import abort, flash, render_template
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from service.billing import rules
from service.billing.actions.desk import look, refunds
from service.billing.forms.giving import GiveForm, RefundForm
from service.billing.queries.desk import Desk
from service.billing.queries.desk.money import Charge
from service.billing.staff_views import bp, words
from service.billing.staff_views.common import back_to, catalog, door, gateway, say
from service.kit import access, clock, web
from service.kit.errors import Conflict


@bp.get("/staff/memberships/<uuid:membership_id>/charges/<uuid:charge_id>/refund")
@door
@access.step_up
def refund(membership_id: UUID, charge_id: UUID) -> ResponseReturnValue:
    """How much of this charge is given back, and why."""
    one, charge = _found(membership_id, charge_id)
    if charge.left_cents <= 0:
        flash(_("Nothing of this charge can be given back now."), "info")
        return back_to(membership_id)
    return _form(one, charge, _about(RefundForm(formdata=None), charge))


@bp.post("/staff/memberships/<uuid:membership_id>/charges/<uuid:charge_id>/refund")
@door
@access.step_up
def refund_review(membership_id: UUID, charge_id: UUID) -> ResponseReturnValue:
    """What will happen. Nothing has yet."""
    one, charge = _found(membership_id, charge_id)
    form = _about(RefundForm(), charge)
    wanted = form.wanted()
    if wanted is None:
        return _form(one, charge, form, 422)
    cents, lines = wanted
    return render_template(
        "billing/staff/refund_sure.html",
        one=one,
        charge=charge,
        cents=cents,
        fields={
            "cents": cents,
            "left_cents": charge.left_cents,
            "reason": form.reason.data,
            "note": form.note.data or "",
            "lines": ",".join(f"{line}={part}" for line, part in lines.items()),
        },
        waits=refunds.takes_two(invoice_id=charge_id, amount_cents=cents, role=current_user.role, catalog=catalog()),
        reason=words.reasons()[form.reason.data],
    )


@bp.post("/staff/memberships/<uuid:membership_id>/charges/<uuid:charge_id>/refund/give")
@door
@access.step_up
def refund_submit(membership_id: UUID, charge_id: UUID) -> ResponseReturnValue:
    """Give it back, or ask a second person to. Pressed twice it is one refund."""
    _found(membership_id, charge_id)
    sent = GiveForm()
    if not sent.validate():
        abort(422)
    try:
        done = refunds.ask_refund(
            membership_id=membership_id,
            invoice_id=charge_id,
            amount_cents=sent.cents.data,
            left_cents=sent.left_cents.data,
            reason=sent.reason.data,
            note=sent.note.data or "",
            lines=sent.by_line(),
            gateway=gateway(),
            catalog=catalog(),
            actor=web.actor(),
            now=clock.now(),
        )
    except Conflict as no:
        flash(_(no.message), "bad")
        return back_to(membership_id)
    say(done.came)
    return back_to(membership_id)


def _found(membership_id: UUID, charge_id: UUID) -> tuple[Desk, Charge]:
    one = look.open_one(membership_id=membership_id, actor=web.actor())
    charge = next((charge for charge in one.charges if charge.id == charge_id), None)
    return (one, charge) if charge is not None else abort(404)


def _about(form: RefundForm, charge: Charge) -> RefundForm:
    kinds = words.line_kinds()
    lines = [
        (line.id, kinds[line.kind], min(line.amount_cents - line.given_cents, charge.left_cents))
        for line in charge.lines
        if line.amount_cents - line.given_cents > 0 and charge.left_cents > 0
    ]
    return form.about(charge.left_cents, lines if len(charge.lines) > 1 else [])


def _form(one: Desk, charge: Charge, form: RefundForm, status: int = 200) -> ResponseReturnValue:
    page = render_template(
        "billing/staff/refund.html",
        one=one,
        charge=charge,
        form=form,
        above=catalog().billing.second_person_above_cents,
        only_asks=current_user.role not in rules.MAY_GIVE,
        occasions=words.occasions(),
        zone=current_user.time_zone,
    )
    return page, status
