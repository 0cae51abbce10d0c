"""Asking that a person looks at a no."""

from __future__ import annotations

from flask import redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_locale
from flask_babel import gettext as _

from service.enrollment.actions import reviews as actions
from service.enrollment.forms.reviews import AskForm
from service.enrollment.views import bp, visitor
from service.kit import access, clock, limits, web
from service.kit.errors import Rejected


def _elsewhere() -> ResponseReturnValue | None:
    """Where somebody goes for whom there is nothing to ask, or who has asked already."""
    here = visitor.assessment()
    if here is None:
        return redirect(url_for("enrollment.assessment"), code=303)
    if here.review == "asked":
        return redirect(url_for("enrollment.review_asked"), code=303)
    return None if here.may_ask_for_review else redirect(visitor.next_url(here), code=303)


@bp.get("/assessment/review")
@access.public
def review() -> ResponseReturnValue:
    """The form: an address for the answer, and a few words if they like."""
    return _elsewhere() or render_template("enrollment/assessment/review.html", form=AskForm())


@bp.post("/assessment/review")
@access.public
@limits.per_address("10 per minute")
def review_submit() -> ResponseReturnValue:
    """Take the request. Twice is once."""
    away, secret = _elsewhere(), visitor.token()
    if away is not None or secret is None:
        return away or redirect(url_for("enrollment.assessment"), code=303)
    form = AskForm()
    if form.validate_on_submit():
        try:
            actions.ask_for_review(
                token=secret,
                email=form.email.data,
                message=form.message.data or "",
                locale=str(get_locale() or "en"),
                catalog=visitor.catalog(),
                actor=web.actor(),
                now=clock.now(),
            )
        except Rejected as error:
            if error.code != "email_syntax":
                raise
            form.email.errors = [_(error.message)]
        else:
            return redirect(url_for("enrollment.review_asked"), code=303)
    return render_template("enrollment/assessment/review.html", form=form), 422


@bp.get("/assessment/review/asked")
@access.public
def review_asked() -> ResponseReturnValue:
    """What happens next."""
    here = visitor.assessment()
    if here is None or here.review is None:
        return redirect(url_for("enrollment.assessment"), code=303)
    return render_template("enrollment/assessment/review_asked.html")
