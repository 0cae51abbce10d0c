"""Where a first second step begins: the offer at sign-up, and staff who have none, with the code they were given."""

from __future__ import annotations

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from service.accounts import actions
from service.accounts.forms.factors import SetUpCodeForm
from service.accounts.queries.factors import set_up_code_due
from service.accounts.views import bp
from service.kit import access, clock, db, limits, web
from service.kit.errors import NotAllowed, Rejected


def layout() -> str:
    """The frame of these pages: the person's own rooms, or none before the second step."""
    if current_user.second_step_due:
        return "layouts/page.html"
    return "layouts/staff.html" if current_user.kind == "staff" else "layouts/patient.html"


def after() -> str | None:
    """Where the person was going before they came here."""
    return web.safe_next(request.values.get("next"))


@bp.get("/settings/second-step/start")
@access.signed_in
@access.setting_up
def start_second_step() -> ResponseReturnValue:
    """Staff choose their first second step here; patients are offered one, once, after signing in."""
    return _start(SetUpCodeForm(None))


def _start(form: SetUpCodeForm, status: int = 200) -> ResponseReturnValue:
    shown = {"next": after(), "layout": layout(), "must": current_user.must_set_up}
    page = render_template("accounts/factors/start.html", form=form if code_first() else None, **shown)
    return page, status


def code_first() -> bool:
    """Must this person show the code that was handed over to them, before they add their first second step?"""
    if not current_user.must_set_up:
        return False
    with db.reading() as session:
        return set_up_code_due(session, current_user.user_id, current_user.sign_in_id, clock.wall_now())


def to_start() -> ResponseReturnValue:
    """To the page that asks for the code."""
    return redirect(url_for("accounts.start_second_step", next=after()), code=303)


@bp.post("/settings/second-step/start")
@access.signed_in
@access.setting_up
@limits.per_address("30 per minute")
def show_set_up_code() -> ResponseReturnValue:
    """Check the code that was handed over; then a second step may be chosen."""
    form, status = SetUpCodeForm(), 422
    if form.validate_on_submit():
        try:
            actions.show_set_up_code(
                user_id=current_user.user_id,
                sign_in_id=current_user.sign_in_id,
                code=form.code.data,
                actor=web.actor(),
                wall_now=clock.wall_now(),
            )
        except (Rejected, NotAllowed) as error:
            form.code.errors = [_(error.message)]
            status = 429 if isinstance(error, NotAllowed) else 422
        else:
            return to_start()
    return _start(form, status)


@bp.post("/settings/second-step/not-now")
@access.patient
def decline_second_step() -> ResponseReturnValue:
    """ "Not now" is an answer."""
    actions.decline_second_step(user_id=current_user.user_id, actor=web.actor(), wall_now=clock.wall_now())
    return redirect(after() or url_for("dashboard.home"), code=303)
