"""A forgotten password."""

from __future__ import annotations

from flask import flash, redirect, render_template, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from service.accounts.actions import recovery
from service.accounts.forms.credentials import ForgotPasswordForm, ResetPasswordForm
from service.accounts.views import bp
from service.kit import access, clock, limits, web
from service.kit.errors import HomewardError, NotAllowed, Rejected


@bp.get("/forgot-password")
@access.public
def forgot_password() -> ResponseReturnValue:
    """Where should the link go?"""
    return render_template("accounts/recovery/forgot_password.html", form=ForgotPasswordForm())


@bp.post("/forgot-password")
@access.public
@limits.per_address("10 per minute")
def forgot_password_submit() -> ResponseReturnValue:
    """Note it. The next page is the same for every address."""
    form, status = ForgotPasswordForm(), 422
    if form.validate_on_submit():
        try:
            recovery.ask_reset(email=form.email.data, actor=web.actor(), wall_now=clock.wall_now())
        except HomewardError as error:
            form.email.errors = [_(error.message)]
            status = 429 if isinstance(error, NotAllowed) else 422
        else:
            return redirect(url_for("accounts.reset_asked"), code=303)
    return render_template("accounts/recovery/forgot_password.html", form=form), status


@bp.get("/forgot-password/check-your-email")
@access.public
def reset_asked() -> ResponseReturnValue:
    """What happens next, if there is such an account."""
    return render_template("accounts/recovery/reset_asked.html")


@bp.get("/reset-password/<token>")
@access.public
def reset_password(token: str) -> ResponseReturnValue:
    """A form. Opening the link changes nothing."""
    is_open = recovery.reset_link_is_open(token=token, wall_now=clock.wall_now())
    return _page(token, ResetPasswordForm(), is_open=is_open, status=200 if is_open else 410)


@bp.post("/reset-password/<token>")
@access.public
@limits.per_address("30 per minute")
def reset_password_submit(token: str) -> ResponseReturnValue:
    """Set the new password; then sign in with it, as on a new device."""
    form = ResetPasswordForm()
    if not form.validate_on_submit():
        return _page(token, form, is_open=True, status=422)
    try:
        recovery.reset_password(
            token=token,
            password=form.new.data,
            actor=web.actor(),
            now=clock.now(),
            wall_now=clock.wall_now(),
        )
    except Rejected as error:
        if error.code == "link_expired":
            return _page(token, form, is_open=False, status=410)
        form.new.errors = [_(error.message)]
        return _page(token, form, is_open=True, status=422)
    session.clear()  # whoever was signed in here is not any more
    flash(_("Your new password is set, and every browser is signed out. Sign in with it."))
    return redirect(url_for("accounts.sign_in"), code=303)


def _page(token: str, form: ResetPasswordForm, *, is_open: bool, status: int) -> ResponseReturnValue:
    shown = form if is_open else None
    return render_template("accounts/recovery/reset_password.html", token=token, form=shown, is_open=is_open), status
