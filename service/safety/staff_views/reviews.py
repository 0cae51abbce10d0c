"""Looks by broken glass, and their reviews."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from service.kit import access, clock, web
from service.kit.errors import Conflict
from service.safety import actions, rules
from service.safety.forms import ReviewForm
from service.safety.staff_views import bp


@bp.get("/staff/break-glass")
@access.staff(*rules.SEE_LOOKS)
def looks() -> ResponseReturnValue:
    """What waits for a review, the oldest first, and what was reviewed lately."""
    found = actions.open_looks(actor=web.actor(), wall_now=clock.wall_now())
    return render_template("safety/staff/looks.html", looks=found, names=reason_names(), zone=current_user.time_zone)


@bp.route("/staff/break-glass/<uuid:glass_id>", methods=["GET", "POST"])
@access.staff(*rules.SEE_LOOKS)
def review(glass_id: UUID) -> ResponseReturnValue:
    """One look with its reason, and the judgement."""
    form = ReviewForm()
    if form.validate_on_submit():
        try:
            actions.review(
                glass_id=glass_id,
                justified=form.justified.data == "yes",
                text=form.words.data,
                actor=web.actor(),
                now=clock.now(),
                wall_now=clock.wall_now(),
            )
        except Conflict as no:
            flash(_(no.message), "bad")
        else:
            flash(_("Your review is saved."), "good")
        return redirect(url_for(".looks"), code=303)
    found, seen = actions.open_look(glass_id=glass_id, actor=web.actor(), wall_now=clock.wall_now())
    page = render_template(
        "safety/staff/review.html",
        form=form,
        look=found,
        seen=seen,
        names=reason_names(),
        trail=url_for(
            "privacy_staff.trail",
            patient=found.patient_id,
            who=found.looker_id,
            from_on=_day(found.opened_at),
            until_on=_day(found.expires_at),
        ),
        zone=current_user.time_zone,
    )
    return page, 422 if form.errors else 200


def _day(at: datetime) -> str:
    return at.astimezone(ZoneInfo(current_user.time_zone)).date().isoformat()


def reason_names() -> dict[str, str]:
    """Why somebody looked, in words."""
    return {
        "emergency": _("An emergency"),
        "covering": _("Standing in for a colleague"),
        "asked": _("The patient asked"),
        "other": _("Something else"),
    }
