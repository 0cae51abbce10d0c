"""The door: signing in and out, confirming an address."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from service.accounts import actions
from service.accounts.forms import ConfirmForm, SendAgainForm, SignInForm
from service.accounts.views import bp, cookies
from service.kit import access, clock, limits, web
from service.kit.errors import HomewardError, NotAllowed, Rejected


@bp.get("/sign-in")
@access.public
def sign_in() -> ResponseReturnValue:
    """The form. Someone already signed in is taken home."""
    target = web.safe_next(request.args.get("next"))
    if current_user.is_authenticated and not current_user.second_step_due:
        return redirect(target or cookies.home(current_user.kind), code=303)
    return render_template("accounts/sign_in.html", form=SignInForm(), next=target)


@bp.post("/sign-in")
@access.public
@limits.per_address("30 per minute")
def sign_in_submit() -> ResponseReturnValue:
    """Check, start a fresh session, go where the person was going."""
    form = SignInForm()
    target = web.safe_next(request.form.get("next"))
    status = 422
    if form.validate_on_submit():
        try:
            signed_in = actions.sign_in(
                email=form.email.data,
                password=form.password.data,
                device_cookie=cookies.device_cookie(),
                replaces=current_user.sign_in_id if current_user.is_authenticated else None,
                actor=web.actor(),
                now=clock.now(),
                wall_now=clock.wall_now(),
            )
        except HomewardError as error:
            form.form_errors.append(_(error.message))
            status = 429 if isinstance(error, NotAllowed) else 422
        else:
            return cookies.come_in(signed_in, target)
    return render_template("accounts/sign_in.html", form=form, next=target), status


@bp.post("/sign-out")
@access.public
def sign_out() -> ResponseReturnValue:
    """End this sign-in. Pressing it twice, or after it ended by itself, says the same."""
    if current_user.is_authenticated:
        actions.sign_out(sign_in_id=current_user.sign_in_id, actor=web.actor(), wall_now=clock.wall_now())
    session.clear()
    return redirect(url_for("accounts.signed_out"), code=303)


@bp.get("/signed-out")
@access.public
def signed_out() -> ResponseReturnValue:
    """Say that it worked."""
    return render_template("accounts/signed_out.html")


@bp.get("/check-your-email")
@access.public
def check_your_email() -> ResponseReturnValue:
    """After joining: the same page whether the address was known or not."""
    return render_template("accounts/check_your_email.html", form=SendAgainForm())


@bp.post("/check-your-email")
@access.public
@limits.per_address("5 per minute")
def send_confirmation_again() -> ResponseReturnValue:
    """Send the link once more. The answer is the same for every address."""
    form = SendAgainForm()
    if form.validate_on_submit():
        try:
            actions.send_confirmation_again(email=form.email.data, actor=web.actor())
        except Rejected as error:
            form.email.errors = [_(error.message)]
        else:
            flash(_("If this address is waiting to be confirmed, an email with a link is on its way."))
            return redirect(url_for("accounts.check_your_email"), code=303)
    return render_template("accounts/check_your_email.html", form=form), 422


@bp.get("/confirm/<token>")
@access.public
def confirm(token: str) -> ResponseReturnValue:
    """A form. Opening the link confirms nothing, because programs that scan mail open links too."""
    is_open = actions.link_is_open(token=token, wall_now=clock.wall_now())
    return _confirm_page(token, ConfirmForm(), is_open=is_open, status=200 if is_open else 410)


@bp.post("/confirm/<token>")
@access.public
@limits.per_address("30 per minute")
def confirm_submit(token: str) -> ResponseReturnValue:
    """Confirm the address, then ask the person to sign in (or go home when they are)."""
    form = ConfirmForm()
    if not form.validate_on_submit():
        return _confirm_page(token, form, is_open=True, status=422)
    try:
        cookie = actions.confirm_address(
            token=token,
            password=form.password.data,
            device_cookie=cookies.device_cookie(),
            actor=web.actor(),
            now=clock.now(),
            wall_now=clock.wall_now(),
        )
    except (Rejected, NotAllowed) as error:
        if error.code == "link_expired":
            return _confirm_page(token, form, is_open=False, status=410)
        form.password.errors = [_(error.message)]
        return _confirm_page(token, form, is_open=True, status=429 if isinstance(error, NotAllowed) else 422)
    flash(_("Your email address is confirmed."))
    if current_user.is_authenticated and not current_user.second_step_due:
        return cookies.go(cookies.home(current_user.kind), cookie)
    return cookies.go(url_for("accounts.sign_in"), cookie)


def _confirm_page(token: str, form: ConfirmForm, *, is_open: bool, status: int) -> ResponseReturnValue:
    shown = form if is_open else None
    return render_template("accounts/confirm.html", token=token, form=shown, is_open=is_open), status
