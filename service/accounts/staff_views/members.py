"""Changing somebody's place on the team: each change has a page that says what it means and asks why."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from service.accounts.actions import team as actions
from service.accounts.forms.staff import ROLE_HINTS, ROLE_NAMES, ReasonForm, RoleForm
from service.accounts.staff_views import bp
from service.kit import access, clock, web
from service.kit.errors import HomewardError, NotAllowed


@bp.route("/staff/team/<uuid:user_id>/role", methods=["GET", "POST"])
@access.staff("owner")
@access.step_up
def role(user_id: UUID) -> ResponseReturnValue:
    """Another role. Whoever gets it is signed out, and lives by it from then on."""
    form = RoleForm()
    return _change(
        "role",
        user_id,
        form,
        lambda: actions.change_role(
            user_id=user_id,
            role=form.role.data,
            reason=form.reason.data,
            actor=web.actor(),
            now=clock.now(),
            wall_now=clock.wall_now(),
        ),
        _("The role is changed, and they are signed out everywhere."),
    )


@bp.route("/staff/team/<uuid:user_id>/deactivate", methods=["GET", "POST"])
@access.staff("owner")
@access.step_up
def deactivate(user_id: UUID) -> ResponseReturnValue:
    """Close the account of somebody who leaves."""
    form = ReasonForm()
    return _change(
        "deactivate",
        user_id,
        form,
        lambda: actions.deactivate(
            user_id=user_id,
            reason=form.reason.data,
            actor=web.actor(),
            now=clock.now(),
            wall_now=clock.wall_now(),
        ),
        _("The account is deactivated, and they are signed out everywhere."),
    )


@bp.route("/staff/team/<uuid:user_id>/reactivate", methods=["GET", "POST"])
@access.staff("owner")
@access.step_up
def reactivate(user_id: UUID) -> ResponseReturnValue:
    """Open a closed account again."""
    form = ReasonForm()
    return _change(
        "reactivate",
        user_id,
        form,
        lambda: actions.reactivate(user_id=user_id, reason=form.reason.data, actor=web.actor(), now=clock.now()),
        _("The account is open again."),
    )


@bp.route("/staff/team/<uuid:user_id>/reset-factor", methods=["GET", "POST"])
@access.staff("owner")
@access.step_up
def reset_factor(user_id: UUID) -> ResponseReturnValue:
    """For a lost phone or key. The code is kept nowhere, so it stands on the answer itself, this once."""
    form, codes = ReasonForm(), list[str]()

    def act() -> None:
        code = actions.reset_factor(
            user_id=user_id,
            reason=form.reason.data,
            actor=web.actor(),
            now=clock.now(),
            wall_now=clock.wall_now(),
        )
        codes.append(code)

    answer = _change("reset_factor", user_id, form, act, None)
    if not codes:
        return answer
    member = actions.open_member(user_id=user_id)
    return render_template("accounts/staff/set_up_code.html", member=member, code=codes[0])


@bp.route("/staff/team/<uuid:user_id>/sign-out", methods=["GET", "POST"])
@access.staff("owner")
@access.step_up
def end_sign_ins(user_id: UUID) -> ResponseReturnValue:
    """For a lost laptop."""
    form = ReasonForm()
    return _change(
        "end_sign_ins",
        user_id,
        form,
        lambda: actions.end_sign_ins(
            user_id=user_id,
            reason=form.reason.data,
            actor=web.actor(),
            now=clock.now(),
            wall_now=clock.wall_now(),
        ),
        _("They are signed out everywhere."),
    )


def _change(
    what: str, user_id: UUID, form: ReasonForm | RoleForm, act: Callable[[], None], done: str | None
) -> ResponseReturnValue:
    """The page before, or the change and back to the person. A no is said on the page that asked."""
    status = 200
    member = actions.open_member(user_id=user_id)
    visits = actions.visits_ahead(user_id=user_id, now=clock.now()) if what in ("deactivate", "role") else 0
    if form.validate_on_submit():
        try:
            act()
        except NotAllowed:
            raise  # leaves a trace
        except HomewardError as error:
            form.form_errors.append(_(error.message))
        else:
            if done is not None:
                flash(done, "good")
            if visits:  # what is booked with them does not wait until somebody thinks of it
                flash(_("Visits are booked with them. Say now what becomes of each."), "bad")
                return redirect(f"/staff/team/{user_id}/leave", code=303)
            return redirect(url_for("accounts_staff.member", user_id=user_id), code=303)
    if form.errors:
        status = 422
    page = render_template(
        "accounts/staff/change.html",
        what=what,
        member=member,
        visits=visits,
        form=form,
        role_names=ROLE_NAMES,
        role_hints=ROLE_HINTS,
    )
    return page, status
