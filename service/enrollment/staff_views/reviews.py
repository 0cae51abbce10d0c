"""Who was told no and asked that a person looks: the list, and one request with its answer. For clinicians."""

from __future__ import annotations

from uuid import UUID

from flask import current_app, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from service.enrollment.actions import reviews as actions
from service.enrollment.forms.reviews import VerdictForm
from service.enrollment.staff_views import bp
from service.enrollment.staff_views.queue import waited
from service.kit import access, clock, web
from service.kit.errors import Conflict


@bp.get("/staff/reviews")
@access.staff(*actions.ROLES)
def reviews() -> ResponseReturnValue:
    """The requests that wait, the oldest first."""
    page = actions.open_reviews(actor=web.actor(), now=clock.now())
    return render_template("enrollment/staff/reviews.html", page=page, waited=waited, zone=current_user.time_zone)


@bp.get("/staff/reviews/<uuid:review_id>")
@access.staff(*actions.ROLES)
@access.step_up
def review(review_id: UUID) -> ResponseReturnValue:
    """What was answered, what stood in the way, what they wrote, and the form for the answer."""
    return _page(review_id, VerdictForm(formdata=None))


@bp.post("/staff/reviews/<uuid:review_id>")
@access.staff(*actions.ROLES)
@access.step_up
def review_submit(review_id: UUID) -> ResponseReturnValue:
    """Answer, once."""
    form = VerdictForm()
    if not form.validate():
        return _page(review_id, form), 422
    try:
        actions.answer_review(
            review_id=review_id,
            verdict=form.verdict.data,
            note=form.note.data or "",
            actor=web.actor(),
            now=clock.now(),
        )
    except Conflict as no:
        flash(_(no.message), "bad")
        return redirect(url_for(".review", review_id=review_id), code=303)
    flash(_("Answered. We wrote to them that an answer is there."), "good")
    return redirect(url_for(".reviews"), code=303)


def _page(review_id: UUID, form: VerdictForm) -> str:
    found = actions.open_review(
        review_id=review_id, catalog=current_app.config["CATALOG"], actor=web.actor(), now=clock.now()
    )
    return render_template(
        "enrollment/staff/review.html", found=found, form=form, waited=waited, zone=current_user.time_zone
    )
