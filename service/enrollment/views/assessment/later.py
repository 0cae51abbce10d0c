"""Going on later, or on another device: an address, a mail, a button. Opening the link changes nothing."""

from __future__ import annotations

from flask import redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from service.enrollment.actions import resume as actions
from service.enrollment.forms.later import LaterForm
from service.enrollment.queries.assessments import by_link
from service.enrollment.views import bp, visitor
from service.kit import access, clock, db, limits, web
from service.kit.errors import NotFound, Rejected


@bp.get("/assessment/later")
@access.public
def later() -> ResponseReturnValue:
    """Where shall the link go?"""
    here = visitor.assessment()
    if here is None or not here.goes_on:
        return redirect(visitor.next_url(here) if here else url_for("enrollment.assessment"), code=303)
    return render_template("enrollment/assessment/later.html", form=LaterForm(), back=visitor.next_url(here))


@bp.post("/assessment/later")
@access.public
@limits.per_address("10 per minute")
def later_submit() -> ResponseReturnValue:
    """Take the address. Whoever it belongs to, the next page is the same."""
    here, secret = visitor.assessment(), visitor.token()
    if here is None or secret is None or not here.goes_on:
        return redirect(visitor.next_url(here) if here else url_for("enrollment.assessment"), code=303)
    form = LaterForm()
    if form.validate_on_submit():
        try:
            actions.leave_address(
                token=secret, email=form.email.data, nudge=form.nudge.data, actor=web.actor(), now=clock.now()
            )
        except Rejected as error:
            form.email.errors = [_(error.message)]
        else:
            return redirect(url_for("enrollment.later_sent"), code=303)
    return render_template("enrollment/assessment/later.html", form=form, back=visitor.next_url(here)), 422


@bp.get("/assessment/later/sent")
@access.public
def later_sent() -> ResponseReturnValue:
    """What happens next."""
    here = visitor.assessment()
    return render_template("enrollment/assessment/later_sent.html", on=visitor.next_url(here) if here else None)


@bp.get("/assessment/resume/<token>")
@access.public
def resume(token: str) -> ResponseReturnValue:
    """A button. A link that somebody else sent must not change whose answers this browser holds."""
    with db.reading() as session:
        row = by_link(session, token, clock.now())
        finished = row is not None and row.outcome is not None
    if row is None:
        return render_template("enrollment/assessment/link_gone.html"), 404
    return render_template("enrollment/assessment/resume.html", token=token, finished=finished)


@bp.post("/assessment/resume/<token>")
@access.public
def resumed(token: str) -> ResponseReturnValue:
    """These answers belong to this browser from now on. Questions that have changed since lead to a new start."""
    try:
        secret = actions.take_over(link=token, actor=web.actor(), now=clock.now())
    except NotFound:
        return render_template("enrollment/assessment/link_gone.html"), 404
    visitor.hold(secret)
    return redirect(visitor.next_url(visitor.standing()), code=303)
