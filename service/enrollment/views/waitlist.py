"""Waiting for a state, or a program in it, to open. A link in a mail only ever shows a button."""

from __future__ import annotations

from flask import redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_locale
from flask_babel import gettext as _

from service.catalog.queries import open_programs
from service.enrollment.actions import waitlist as actions
from service.enrollment.forms.waitlist import WaitlistForm, key_of, place_of
from service.enrollment.queries import waitlist as queries
from service.enrollment.rules.regions import REGIONS, waiting_places
from service.enrollment.views import bp, visitor
from service.kit import access, clock, db, limits, web
from service.kit.errors import Rejected


def _form() -> WaitlistForm:
    catalog = visitor.catalog()
    names = {}
    for place in waiting_places(open_programs(catalog, clock.now()), catalog.programs):
        state = REGIONS[place.state]
        if place.program:
            state = _("%(state)s: %(program)s", state=state, program=_(catalog.programs[place.program].name))
        names[key_of(place.state, place.program)] = state
    return WaitlistForm(names)


@bp.get("/waitlist")
@access.public
def waitlist() -> ResponseReturnValue:
    """The form."""
    return render_template("enrollment/waitlist/join.html", form=_form())


@bp.post("/waitlist")
@access.public
@limits.per_address("20 per minute")
def waitlist_ask() -> ResponseReturnValue:
    """Take the address. Known or not, the next page is the same."""
    form = _form()
    if form.validate_on_submit():
        wanted = place_of(form.state.data)
        try:
            actions.ask(
                email=form.email.data,
                state=wanted.state,
                program=wanted.program,
                locale=str(get_locale() or "en"),
                catalog=visitor.catalog(),
                actor=web.actor(),
                now=clock.now(),
            )
        except Rejected as error:
            field = form.email if error.code == "email_syntax" else form.state
            field.errors = [_(error.message)]
        else:
            return redirect(url_for("enrollment.waitlist_asked"), code=303)
    return render_template("enrollment/waitlist/join.html", form=form), 422


@bp.get("/waitlist/check-your-email")
@access.public
def waitlist_asked() -> ResponseReturnValue:
    """What happens next."""
    return render_template("enrollment/waitlist/asked.html")


@bp.get("/waitlist/confirm/<token>")
@access.public
def waitlist_confirm(token: str) -> ResponseReturnValue:
    """The button behind the link."""
    with db.reading() as session:
        place = queries.place(session, token, clock.now())
    if place is None or place.expired:
        raise actions.EXPIRED
    return render_template("enrollment/waitlist/confirm.html", place=place, token=token)


@bp.post("/waitlist/confirm/<token>")
@access.public
def waitlist_confirmed(token: str) -> ResponseReturnValue:
    """Confirm, and say so. Reloading the page that follows confirms nothing anew."""
    actions.confirm(token=token, actor=web.actor(), now=clock.now())
    return redirect(url_for("enrollment.waitlist_confirm", token=token), code=303)


@bp.get("/waitlist/leave/<token>")
@access.public
def waitlist_leave(token: str) -> ResponseReturnValue:
    """The button behind the link."""
    with db.reading() as session:
        place = queries.place(session, token, clock.now())
    if place is None:
        raise actions.EXPIRED
    return render_template("enrollment/waitlist/leave.html", place=place, token=token)


@bp.post("/waitlist/leave/<token>")
@access.public
def waitlist_left(token: str) -> ResponseReturnValue:
    """Leave, and say so."""
    actions.leave(token=token, actor=web.actor(), now=clock.now())
    return redirect(url_for("enrollment.waitlist_leave", token=token), code=303)


@bp.get("/waitlist/unsubscribe/<token>")
@access.public
def waitlist_unsubscribe(token: str) -> ResponseReturnValue:
    """Somebody opened what a mail program posts to: the button for people, which changes nothing yet."""
    return redirect(url_for("enrollment.waitlist_leave", token=token))


@bp.post("/waitlist/unsubscribe/<token>")
@access.machine
def waitlist_unsubscribed(token: str) -> ResponseReturnValue:
    """One click in a mail program (RFC 8058): no cookie, no page, no question. The secret in the link is the proof."""
    actions.leave_by_machine(token=token, actor=web.actor(), now=clock.now())
    return "", 200
