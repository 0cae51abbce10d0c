"""The care team of one patient: who is on it, and who comes, goes, or takes over."""

from __future__ import annotations

from uuid import UUID

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from service.enrollment.actions import look
from service.enrollment.actions import team as teams
from service.enrollment.actions.team import TeamPage
from service.enrollment.forms.team import AssignForm, HandOverForm, LeaveForm
from service.enrollment.staff_views import bp
from service.kit import access, web
from service.kit.errors import Conflict


@bp.get("/staff/enrollments/<uuid:enrollment_id>/team")
@access.staff(*look.MAY_LOOK)
def team(enrollment_id: UUID) -> ResponseReturnValue:
    """Who looks after this patient, since when and why."""
    return _page(teams.open_team(enrollment_id=enrollment_id, actor=web.actor()))


@bp.post("/staff/enrollments/<uuid:enrollment_id>/team")
@access.staff(*look.MAY_LOOK)
def assign(enrollment_id: UUID) -> ResponseReturnValue:
    """Ask a colleague onto the care team."""
    page, form = teams.open_team(enrollment_id=enrollment_id, actor=web.actor()), AssignForm()
    form.fit(page.colleagues)
    if not form.validate():
        return _page(page, form)
    teams.assign(enrollment_id=enrollment_id, user_id=UUID(form.user_id.data), actor=web.actor())
    flash(_("Your colleague is on the care team now."), "good")
    return redirect(url_for(".team", enrollment_id=enrollment_id), code=303)


@bp.route("/staff/enrollments/<uuid:enrollment_id>/team/<uuid:user_id>/remove", methods=["GET", "POST"])
@access.staff(*look.MAY_LOOK)
def remove(enrollment_id: UUID, user_id: UUID) -> ResponseReturnValue:
    """Somebody leaves the care team: what that means, why, and one button."""
    form, mine = LeaveForm(), user_id == current_user.user_id
    back = url_for(".team", enrollment_id=enrollment_id)
    if mine:
        form.of_oneself()
    if form.validate_on_submit():
        try:
            teams.remove(enrollment_id=enrollment_id, user_id=user_id, why=form.why.data, actor=web.actor())
        except Conflict as no:
            flash(_(no.message), "bad")
            return redirect(back, code=303)
        flash(_("You are no longer on the care team.") if mine else _("They are no longer on the care team."), "good")
        return redirect(url_for(".queue") if mine and current_user.role != "owner" else back, code=303)
    found = teams.ask_to_leave(enrollment_id=enrollment_id, user_id=user_id, actor=web.actor())
    if found is None:
        flash(_("They are not on the care team."), "info")
        return redirect(back, code=303)
    page = render_template(
        "enrollment/staff/leave.html", form=form, found=found, mine=mine, back=back, zone=current_user.time_zone
    )
    return page, 422 if form.errors else 200


@bp.post("/staff/enrollments/<uuid:enrollment_id>/hand-over")
@access.staff(*look.MAY_LOOK)
def hand_over(enrollment_id: UUID) -> ResponseReturnValue:
    """Give the enrollment to a colleague."""
    page, form = teams.open_team(enrollment_id=enrollment_id, actor=web.actor()), HandOverForm()
    form.fit(page.heirs)
    if not form.validate():
        return _page(page, form)
    teams.hand_over(enrollment_id=enrollment_id, user_id=UUID(form.heir_id.data), actor=web.actor())
    flash(_("Handed over. Your colleague looks after this from now on."), "good")
    return redirect(url_for(".team", enrollment_id=enrollment_id), code=303)


def _page(page: TeamPage, form: AssignForm | HandOverForm | None = None) -> ResponseReturnValue:
    """The page; `form` is what was sent and cannot be used."""
    joining = form if isinstance(form, AssignForm) else AssignForm(formdata=None)
    heirs = form if isinstance(form, HandOverForm) else HandOverForm(formdata=None)
    joining.fit(page.colleagues)
    heirs.fit(page.heirs)
    html = render_template(
        "enrollment/staff/team.html", page=page, form=form, joining=joining, heirs=heirs, zone=current_user.time_zone
    )
    return html, 422 if form else 200
