"""Stripe's messages for staff: what waits, what failed, what is parked and why."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_login import current_user

from service.billing.actions.control import inbox
from service.billing.forms.watching import InboxForm, WhyForm
from service.billing.queries.watching.inbox import ABOUT, Wanted
from service.billing.rules import inbox as rules
from service.billing.rules.shelves import as_id
from service.billing.staff_views import bp
from service.billing.staff_views.common import watching_door
from service.billing.staff_views.watch_words import about_words, shelf_words
from service.billing.staff_views.words import meant_kinds
from service.kit import access, clock, web
from service.kit.errors import Conflict


@bp.get("/staff/stripe")
@watching_door
def stripe_inbox() -> ResponseReturnValue:
    """A page of them, the newest first. The address says which shelf and what is looked for."""
    wanted = _wanted(request.args)
    found = inbox.open_inbox(
        wanted=wanted,
        before=as_id(request.args.get("before", "")),
        actor=web.actor(),
        now=clock.now(),
        wall_now=clock.wall_now(),
    )
    address = _address(wanted)
    return render_template(
        "billing/staff/inbox.html",
        found=found,
        wanted=wanted,
        form=InboxForm(request.args).offer(about_words(), rules.PARKED_FOR),
        tabs=[(key, text, url_for(".stripe_inbox", shelf=key)) for key, text in shelf_words().items()],
        parked_for=rules.PARKED_FOR,
        late_at=clock.wall_now() - rules.LATE_AFTER,
        older=url_for(".stripe_inbox", **address, before=found.next) if found.next else None,
        again=url_for(".stripe_replay_all", **address) if wanted.shelf in ("failed", "parked") else None,
        zone=current_user.time_zone,
    )


@bp.get("/staff/stripe/unanswered")
@watching_door
def stripe_unanswered() -> ResponseReturnValue:
    """Calls to Stripe of which nobody knows yet what came."""
    return render_template(
        "billing/staff/unanswered.html",
        lines=inbox.open_unanswered(actor=web.actor()),
        kinds=meant_kinds(),
        zone=current_user.time_zone,
    )


@bp.get("/staff/stripe/<uuid:message_id>")
@watching_door
def stripe_message(message_id: UUID) -> ResponseReturnValue:
    """One message: what it is about, and what became of it. What it says stays sealed."""
    found = inbox.open_message(message_id=message_id, actor=web.actor())
    return render_template(
        "billing/staff/message.html",
        found=found,
        one=found.message,
        parked_for=rules.PARKED_FOR,
        never=found.message.parked_for in rules.NEVER_ACTED,
        reasons={**rules.REPLAYS, **rules.DISMISSALS},
        zone=current_user.time_zone,
    )


@bp.route("/staff/stripe/<uuid:message_id>/body", methods=["GET", "POST"])
@watching_door
@access.step_up
def stripe_body(message_id: UUID) -> ResponseReturnValue:
    """What it says, for a reason that is written down."""
    form = WhyForm().offer(rules.LOOKS)
    if request.method == "POST" and form.validate():
        body = inbox.open_body(message_id=message_id, reason=form.reason.data, actor=web.actor())
        return render_template("billing/staff/message_body.html", body=body, message_id=message_id)
    inbox.check_message(message_id)
    return _why(
        form,
        title=_("Read what a message says"),
        lead=_("It may hold opaque ids, amounts, and the brand and last digits of a card. It names no condition."),
        button=_("Show it"),
        back=url_for(".stripe_message", message_id=message_id),
    )


@bp.route("/staff/stripe/<uuid:message_id>/again", methods=["GET", "POST"])
@watching_door
@access.step_up
def stripe_replay(message_id: UUID) -> ResponseReturnValue:
    """Have it handled again."""
    form = WhyForm().offer(rules.REPLAYS)
    back = url_for(".stripe_message", message_id=message_id)
    if request.method == "POST" and form.validate():
        try:
            inbox.replay(message_id=message_id, reason=form.reason.data, actor=web.actor(), wall_now=clock.wall_now())
            flash(_("It is being handled again. Look at this page in a moment."), "good")
        except Conflict as no:
            flash(_(no.message), "bad")
        return redirect(back, code=303)
    inbox.check_message(message_id)
    lead = _("We ask Stripe what is true now and write that down. However often it is done, nothing is charged by it.")
    return _why(form, title=_("Try a message again"), lead=lead, button=_("Try it again"), back=back)


@bp.route("/staff/stripe/<uuid:message_id>/let-be", methods=["GET", "POST"])
@watching_door
@access.step_up
def stripe_dismiss(message_id: UUID) -> ResponseReturnValue:
    """Let a parked one be."""
    form = WhyForm().offer(rules.DISMISSALS)
    back = url_for(".stripe_message", message_id=message_id)
    if request.method == "POST" and form.validate():
        try:
            inbox.dismiss(message_id=message_id, reason=form.reason.data, actor=web.actor(), wall_now=clock.wall_now())
            flash(_("It is let be. It stays in the list of those that are done."), "good")
        except Conflict as no:
            flash(_(no.message), "bad")
        return redirect(back, code=303)
    inbox.check_message(message_id)
    lead = _("It leaves the list of parked messages and calls nobody any more. It is kept, with your reason.")
    return _why(form, title=_("Let a message be"), lead=lead, button=_("Let it be"), back=back)


@bp.route("/staff/stripe/again", methods=["GET", "POST"])
@watching_door
@access.step_up
def stripe_replay_all() -> ResponseReturnValue:
    """Have everything that fits handled again."""
    wanted = _wanted(request.values)
    form = WhyForm().offer(rules.REPLAYS)
    address = _address(wanted)
    back = url_for(".stripe_inbox", **address)
    if wanted.shelf not in ("failed", "parked"):
        return redirect(back, code=303)
    if request.method == "POST" and form.validate():
        count = inbox.replay_all(wanted=wanted, reason=form.reason.data, actor=web.actor(), wall_now=clock.wall_now())
        said = ngettext("%(num)s message is being handled again.", "%(num)s messages are being handled again.", count)
        flash(said, "good" if count else "info")
        return redirect(back, code=303)
    lead = _(
        "All that fit what you looked for, at most %(most)s at once. Those that are kept only to be looked at stay.",
        most=inbox.MOST,
    )
    return _why(form, title=_("Try messages again"), lead=lead, button=_("Try them again"), back=back, fields=address)


def _why(
    form: WhyForm, *, title: str, lead: str, button: str, back: str, fields: Mapping[str, Any] | None = None
) -> ResponseReturnValue:
    page = render_template(
        "billing/staff/why.html",
        form=form,
        title=title,
        lead=lead,
        button=button,
        back=back,
        fields=fields or {},
        room="stripe",
    )
    return page, 422 if form.errors else 200


def _wanted(values: Mapping[str, str]) -> Wanted:
    shelf, about, parked_for = (values.get(name, "") for name in ("shelf", "about", "parked_for"))
    return Wanted(
        shelf=shelf if shelf in rules.SHELVES else "waiting",
        about=about if about in ABOUT else None,
        parked_for=parked_for if shelf == "parked" and parked_for in rules.PARKED_FOR else None,
    )


def _address(wanted: Wanted) -> dict[str, Any]:
    found = {"shelf": wanted.shelf, "about": wanted.about, "parked_for": wanted.parked_for}
    return {name: word for name, word in found.items() if word}
