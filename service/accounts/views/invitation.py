"""Behind the link of an invitation: a name, a password, and on to the second step."""

from __future__ import annotations

from flask import redirect, render_template, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from service.accounts.actions import invitations as actions
from service.accounts.forms.staff import ROLE_NAMES, AcceptForm
from service.accounts.views import bp
from service.kit import access, clock, limits, web
from service.kit.errors import HomewardError


@bp.get("/invitation/<token>")
@access.public
def invitation(token: str) -> ResponseReturnValue:
    """The form. Opening the link accepts nothing, because programs that scan mail open links too."""
    found = actions.invited(token=token, wall_now=clock.wall_now())
    form = AcceptForm(name=found.name) if found else None
    return _page(token, found, form, 200 if found else 410)


@bp.post("/invitation/<token>")
@access.public
@limits.per_address("30 per minute")
def invitation_submit(token: str) -> ResponseReturnValue:
    """Make the account, in a fresh session that waits for the second step."""
    found = actions.invited(token=token, wall_now=clock.wall_now())
    form = AcceptForm()
    if found is None or not form.validate_on_submit():
        return _page(token, found, form, 422 if found else 410)
    try:
        opened = actions.accept(
            token=token,
            name=form.name.data,
            password=form.password.data,
            actor=web.actor(),
            now=clock.now(),
            wall_now=clock.wall_now(),
            replaces=current_user.sign_in_id if current_user.is_authenticated else None,
        )
    except HomewardError as error:
        if error.code == "invitation_over":
            return _page(token, None, form, 410)
        field = {"name_unfit": form.name, "password_unfit": form.password}.get(error.code)
        if field is None:
            form.form_errors.append(_(error.message))
        else:
            field.errors = [*field.errors, _(error.message)]
        return _page(token, found, form, 422)
    session.clear()  # nothing that was set before survives, as at any sign-in
    session["_user_id"], session["_fresh"] = opened, True
    return redirect(url_for("accounts.second_factor"), code=303)


def _page(token: str, found: actions.Invited | None, form: AcceptForm | None, status: int) -> ResponseReturnValue:
    page = render_template(
        "accounts/invitation.html",
        token=token,
        invited=found,
        form=form if found else None,
        role_name=ROLE_NAMES[found.role] if found else "",
    )
    return page, status
