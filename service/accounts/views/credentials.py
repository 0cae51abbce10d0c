"""Another password, another e-mail address."""

from __future__ import annotations

from flask import flash, redirect, render_template, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from service.accounts.actions import credentials, credentials_email, credentials_stop
from service.accounts.forms.credentials import ChangePasswordForm, ConfirmNewEmailForm, NewEmailForm
from service.accounts.views import bp, cookies
from service.accounts.views.settings import kept, mine, pending
from service.kit import access, clock, limits, web
from service.kit.errors import HomewardError, NotAllowed, Rejected


@bp.get("/settings/password")
@access.signed_in
@access.step_up
def password() -> ResponseReturnValue:
    """The old one and a new one."""
    return render_template("accounts/settings/password.html", form=ChangePasswordForm())


@bp.post("/settings/password")
@access.signed_in
@access.step_up
@limits.per_address("30 per minute")
def password_submit() -> ResponseReturnValue:
    """Set it."""
    form, status = ChangePasswordForm(), 422
    if form.validate_on_submit():
        try:
            fresh = credentials.change_password(
                user_id=current_user.user_id,
                sign_in_id=current_user.sign_in_id,
                old=form.old.data,
                new=form.new.data,
                end_others=form.end_others.data,
                actor=web.actor(),
                now=clock.now(),
                wall_now=clock.wall_now(),
            )
        except HomewardError as error:
            field = form.new if error.code in ("password_unfit", "password_same") else form.old
            field.errors = [_(error.message)]
            status = 429 if isinstance(error, NotAllowed) else 422
        else:
            cookies.renew(fresh)
            return kept(True, _("Your password is changed."))
    return render_template("accounts/settings/password.html", form=form), status


@bp.get("/settings/email")
@access.signed_in
@access.step_up
def email() -> ResponseReturnValue:
    """The address that stands, and a field for another."""
    return _email_page(NewEmailForm())


def _email_page(form: NewEmailForm, status: int = 200) -> ResponseReturnValue:
    page = render_template("accounts/settings/email.html", form=form, present=mine().email, pending=pending())
    return page, status


@bp.post("/settings/email")
@access.signed_in
@access.step_up
@limits.per_address("10 per minute")
def email_submit() -> ResponseReturnValue:
    """Mail a link to the new address. The answer is the same whoever it belongs to."""
    form, status = NewEmailForm(), 422
    if form.validate_on_submit():
        try:
            credentials_email.ask_for_new_email(
                user_id=current_user.user_id,
                email=form.email.data,
                actor=web.actor(),
                now=clock.now(),
                wall_now=clock.wall_now(),
            )
        except HomewardError as error:
            form.email.errors = [_(error.message)]
            status = 429 if isinstance(error, NotAllowed) else 422
        else:
            return kept(
                True,
                _(
                    "We mailed a link to the new address. Open it and enter your password there. "
                    "Until then your present address stays as it is."
                ),
            )
    return _email_page(form, status)


@bp.post("/settings/email/cancel")
@access.signed_in
@access.step_up
def email_cancel() -> ResponseReturnValue:
    """Let the address stay as it is."""
    stopped = credentials_stop.cancel_new_email(
        user_id=current_user.user_id, actor=web.actor(), wall_now=clock.wall_now()
    )
    return kept(stopped, _("The change is cancelled. Your email address stays as it is."))


@bp.get("/new-email/<token>")
@access.public
def new_email(token: str) -> ResponseReturnValue:
    """A form. Opening the link changes nothing."""
    is_open = credentials_email.new_email_link_is_open(token=token, wall_now=clock.wall_now())
    return _new_email_page(token, ConfirmNewEmailForm(), is_open=is_open, status=200 if is_open else 410)


@bp.post("/new-email/<token>")
@access.public
@limits.per_address("30 per minute")
def new_email_submit(token: str) -> ResponseReturnValue:
    """Make the new address the account's."""
    form = ConfirmNewEmailForm()
    if not form.validate_on_submit():
        return _new_email_page(token, form, is_open=True, status=422)
    try:
        fresh = credentials_email.confirm_new_email(
            token=token,
            password=form.password.data,
            actor=web.actor(),
            now=clock.now(),
            wall_now=clock.wall_now(),
        )
    except (Rejected, NotAllowed) as error:
        if error.code == "link_expired":
            return _new_email_page(token, form, is_open=False, status=410)
        form.password.errors = [_(error.message)]
        return _new_email_page(token, form, is_open=True, status=429 if isinstance(error, NotAllowed) else 422)
    cookies.renew(fresh)
    flash(_("Your email address is changed. Sign in with the new one from now on."))
    return redirect(url_for("accounts.settings" if current_user.is_authenticated else "accounts.sign_in"), code=303)


def _new_email_page(token: str, form: ConfirmNewEmailForm, *, is_open: bool, status: int) -> ResponseReturnValue:
    shown = form if is_open else None
    return render_template("accounts/recovery/new_email.html", token=token, form=shown, is_open=is_open), status


@bp.get("/stop-new-email/<token>")
@access.public
def stop_new_email(token: str) -> ResponseReturnValue:
    """One button. Opening the link stops nothing."""
    is_open = credentials_stop.stop_link_is_open(token=token, wall_now=clock.wall_now())
    page = render_template("accounts/recovery/stop_new_email.html", token=token, is_open=is_open)
    return page, 200 if is_open else 410


@bp.post("/stop-new-email/<token>")
@access.public
@limits.per_address("30 per minute")
def stop_new_email_submit(token: str) -> ResponseReturnValue:
    """Stop it and sign everybody out."""
    try:
        credentials_stop.stop_new_email(token=token, actor=web.actor(), wall_now=clock.wall_now())
    except Rejected:
        return render_template("accounts/recovery/stop_new_email.html", token=token, is_open=False), 410
    session.clear()
    flash(_("The change is stopped, and everybody is signed out. If it was not you who asked, choose a new password."))
    return redirect(url_for("accounts.forgot_password"), code=303)
