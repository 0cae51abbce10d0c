"""Inviting somebody, sending it again, taking it back. Owners only."""

from __future__ import annotations

from uuid import UUID

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from service.accounts.actions import invitations as actions
from service.accounts.actions import team
from service.accounts.forms.staff import ROLE_HINTS, ROLE_NAMES, InviteForm
from service.accounts.staff_views import bp
from service.kit import access, clock, limits, web
from service.kit.errors import HomewardError, NotAllowed


@bp.route("/staff/team/invite", methods=["GET", "POST"])
@access.staff("owner")
@access.step_up
@limits.per_address("30 per hour")
def invite() -> ResponseReturnValue:
    """Name, address and role. The answer is the same for an address that a patient uses."""
    form = InviteForm()
    if form.validate_on_submit():
        try:
            actions.invite(
                email=form.email.data,
                name=form.name.data,
                role=form.role.data,
                actor=web.actor(),
                now=clock.now(),
                wall_now=clock.wall_now(),
            )
        except NotAllowed:
            raise
        except HomewardError as error:
            form.email.errors = [*form.email.errors, _(error.message)]
        else:
            flash(_("The invitation is on its way. It works for 72 hours."), "good")
            return redirect(url_for("accounts_staff.team"), code=303)
    page = render_template("accounts/staff/invite.html", form=form, role_hints=ROLE_HINTS)
    return page, 422 if form.errors else 200


@bp.post("/staff/team/invitations/<uuid:invitation_id>/again")
@access.staff("owner")
@access.step_up
@limits.per_address("30 per hour")
def send_again(invitation_id: UUID) -> ResponseReturnValue:
    """A new link; the one before no longer works."""
    actions.resend(invitation_id=invitation_id, actor=web.actor(), now=clock.now(), wall_now=clock.wall_now())
    flash(_("A new link is on its way. It works for 72 hours, and the one before no longer does."), "good")
    return redirect(url_for("accounts_staff.team"), code=303)


@bp.get("/staff/team/invitations/<uuid:invitation_id>")
@access.staff("owner")
@access.step_up
def invitation(invitation_id: UUID) -> ResponseReturnValue:
    """An open invitation: send it again, or take it back."""
    found = team.open_invitation(invitation_id=invitation_id, wall_now=clock.wall_now())
    return render_template("accounts/staff/invitation.html", invitation=found, role_names=ROLE_NAMES)


@bp.post("/staff/team/invitations/<uuid:invitation_id>/withdraw")
@access.staff("owner")
@access.step_up
def withdraw(invitation_id: UUID) -> ResponseReturnValue:
    """The link no longer works."""
    actions.withdraw(invitation_id=invitation_id, actor=web.actor(), wall_now=clock.wall_now())
    flash(_("The invitation is withdrawn. Its link no longer works."), "good")
    return redirect(url_for("accounts_staff.team"), code=303)
