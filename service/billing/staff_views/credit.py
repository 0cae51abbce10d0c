"""Credit for charges to come, or whole months: what and why, then what will happen, then one button."""

from __future__ import annotations

from uuid import UUID

from flask import abort, flash, render_template
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from service.billing import rules
from service.billing.actions.desk import credits, look
from service.billing.forms.giving import CreditForm, credit_form
from service.billing.queries.desk import Desk
from service.billing.rules.shelves import as_id
from service.billing.staff_views import bp, words
from service.billing.staff_views.common import back_to, catalog, door, gateway, say
from service.kit import access, clock, web
from service.kit.errors import Conflict
from service.kit.ids import new_id


@bp.get("/staff/memberships/<uuid:membership_id>/credit")
@door
@access.step_up
def credit(membership_id: UUID) -> ResponseReturnValue:
    """What is given, and why."""
    one = look.open_one(membership_id=membership_id, actor=web.actor())
    return _form(one, credit_form(CreditForm(formdata=None)))


@bp.post("/staff/memberships/<uuid:membership_id>/credit")
@door
@access.step_up
def credit_submit(membership_id: UUID) -> ResponseReturnValue:
    """First what will happen; then, with "sure", it happens. Sent twice it is one."""
    one = look.open_one(membership_id=membership_id, actor=web.actor())
    form, policy = credit_form(CreditForm()), catalog().billing
    amount = form.wanted(most_cents=policy.most_credit_cents, most_months=policy.most_months_given)
    if amount is None:
        return _form(one, form, 422)
    if form.sure.data != "y":
        return _sure(one, form, amount)
    gift = as_id(form.again.data or "") or abort(422)
    try:
        done = credits.give(
            credit_id=gift,
            membership_id=membership_id,
            kind=form.kind.data,
            amount=amount,
            reason=form.reason.data,
            note=form.note.data or "",
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


def _sure(one: Desk, form: CreditForm, amount: int) -> str:
    months = form.kind.data == "comp"
    worth = amount * (one.next_price_cents or one.line.price_cents) if months else amount
    return render_template(
        "billing/staff/credit_sure.html",
        one=one,
        months=amount if months else None,
        worth=worth,
        fields={
            "kind": form.kind.data,
            "amount": form.amount.data or "",
            "months": form.months.data or "",
            "reason": form.reason.data,
            "note": form.note.data or "",
            "again": new_id(),
            "sure": "y",
        },
        waits=credits.takes_two(
            membership_id=one.line.id,
            worth_cents=worth,
            role=current_user.role,
            catalog=catalog(),
            now=clock.now(),
        ),
        reason=words.reasons()[form.reason.data],
    )


def _form(one: Desk, form: CreditForm, status: int = 200) -> ResponseReturnValue:
    page = render_template(
        "billing/staff/credit.html",
        one=one,
        form=form,
        above=catalog().billing.second_person_above_cents,
        only_asks=current_user.role not in rules.MAY_GIVE,
    )
    return page, status
