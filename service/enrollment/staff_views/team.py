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
from service.enrollment.forms.team import AssignForm, HandOverForm
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


@bp.post("/staff/enrollments/<uuid:enrollment_id>/team/<uuid:user_id>/remove")
@access.staff(*look.MAY_LOOK)
def remove(enrollment_id: UUID, user_id: UUID) -> ResponseReturnValue:
    """Let somebody go from the care team."""
    try:
        teams.remove(enrollment_id=enrollment_id, user_id=user_id, actor=web.actor())
    except Conflict as no:
        flash(_(no.message), "bad")
    else:
        flash(_("They are no longer on the care team."), "good")
    mine = user_id == current_user.user_id and current_user.role != "owner"
    return redirect(url_for(".queue") if mine else url_for(".team", enrollment_id=enrollment_id), code=303)


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
