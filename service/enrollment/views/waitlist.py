"""Waiting for a state to open. A link in a mail only ever shows a button."""

from __future__ import annotations

from flask import redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_locale
from flask_babel import gettext as _

from service.catalog.queries import open_states
from service.enrollment.actions import waitlist as actions
from service.enrollment.forms.waitlist import WaitlistForm
from service.enrollment.queries import waitlist as queries
from service.enrollment.rules.regions import waiting_regions
from service.enrollment.views import bp, visitor
from service.kit import access, clock, db, limits, web
from service.kit.errors import Rejected


def _form() -> WaitlistForm:
    return WaitlistForm(waiting_regions(open_states(visitor.catalog(), clock.now())))


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
        try:
            actions.ask(
                email=form.email.data,
                state=form.state.data,
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
