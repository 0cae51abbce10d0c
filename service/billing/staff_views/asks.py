"""What waits for a second person, and their word."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from uuid import UUID

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from service.billing import rules
from service.billing.actions.desk import credits, look, refunds
from service.billing.queries.desk import Given
from service.billing.staff_views import bp, words
from service.billing.staff_views.common import catalog, door, gateway, giving_door, say
from service.kit import access, clock, web
from service.kit.errors import Conflict


@bp.get("/staff/memberships/waiting")
@door
def asks() -> ResponseReturnValue:
    """Refunds and credits that wait for a second person, the longest waiting first."""
    return render_template(
        "billing/staff/asks.html",
        asks=look.open_asks(actor=web.actor()),
        me=current_user.user_id,
        may_decide=current_user.role in rules.MAY_GIVE,
        reasons=words.reasons(),
        zone=current_user.time_zone,
    )


@bp.get("/staff/memberships/waiting/refunds/<uuid:refund_id>")
@giving_door
@access.step_up
def decide_refund(refund_id: UUID) -> ResponseReturnValue:
    """What a yes and what a no do."""
    return _page(refund_id, refund=True)


@bp.post("/staff/memberships/waiting/refunds/<uuid:refund_id>/<any(approve, decline):word>")
@giving_door
@access.step_up
def decide_refund_submit(refund_id: UUID, word: str) -> ResponseReturnValue:
    """The second person's word."""
    return _decided(word, partial(refunds.decide_refund, refund_id=refund_id))


@bp.get("/staff/memberships/waiting/credits/<uuid:credit_id>")
@giving_door
@access.step_up
def decide_credit(credit_id: UUID) -> ResponseReturnValue:
    """What a yes and what a no do."""
    return _page(credit_id, refund=False)


@bp.post("/staff/memberships/waiting/credits/<uuid:credit_id>/<any(approve, decline):word>")
@giving_door
@access.step_up
def decide_credit_submit(credit_id: UUID, word: str) -> ResponseReturnValue:
    """The second person's word."""
    return _decided(word, partial(credits.decide_credit, credit_id=credit_id))


def _page(given_id: UUID, *, refund: bool) -> ResponseReturnValue:
    one, name = look.open_ask(given_id, refund=refund, actor=web.actor())
    if one.status != "asked":
        flash(_("Somebody has decided about this already."), "info")
        return _list()
    return render_template(
        "billing/staff/decide.html",
        one=one,
        name=name,
        own=one.asked_by == current_user.user_id,
        reasons=words.reasons(),
        approve=_address(one, "approve"),
        decline=_address(one, "decline"),
        zone=current_user.time_zone,
    )


def _address(one: Given, word: str) -> str:
    if one.kind == "refund":
        return url_for(".decide_refund_submit", refund_id=one.id, word=word)
    return url_for(".decide_credit_submit", credit_id=one.id, word=word)


def _decided(word: str, decide: Callable[..., refunds.Outcome]) -> ResponseReturnValue:
    try:
        done = decide(yes=word == "approve", gateway=gateway(), catalog=catalog(), actor=web.actor(), now=clock.now())
    except Conflict as no:
        flash(_(no.message), "bad")
        return _list()
    if word == "decline":
        flash(_("Declined. Nothing has moved."), "good")
    else:
        say(done.came)
    return _list()


def _list() -> ResponseReturnValue:
    return redirect(url_for(".asks"), code=303)
