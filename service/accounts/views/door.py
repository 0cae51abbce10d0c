"""The door: signing in and out, the second factor, confirming an address."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from service.accounts import actions
from service.accounts.forms import CodeForm, ConfirmForm, SendAgainForm, SignInForm
from service.accounts.views import bp
from service.kit import access, clock, limits, web
from service.kit.errors import HomewardError, NotAllowed, Rejected


def _remember(token: str) -> None:
    """Start a fresh session around `token`: nothing that was set before signing in survives, but where to go."""
    session.clear()
    session["_user_id"] = token
    session["_fresh"] = True


def _home(kind: str) -> str:
    return url_for("dashboard.home" if kind == "patient" else "dashboard.staff_home")


@bp.get("/sign-in")
@access.public
def sign_in() -> ResponseReturnValue:
    """The form. Someone already signed in is taken home."""
    target = web.safe_next(request.args.get("next"))
    if current_user.is_authenticated and (current_user.kind == "patient" or current_user.second_factor_passed):
        return redirect(target or _home(current_user.kind), code=303)
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
                email=form.email.data, password=form.password.data, actor=web.actor(), wall_now=clock.wall_now()
            )
        except HomewardError as error:
            form.form_errors.append(_(error.message))
            status = 429 if isinstance(error, NotAllowed) else 422
        else:
            _remember(signed_in.token)
            if signed_in.needs_second_factor:
                return redirect(url_for("accounts.second_factor", next=target), code=303)
            return redirect(target or _home(signed_in.kind), code=303)
    return render_template("accounts/sign_in.html", form=form, next=target), status


@bp.get("/second-factor")
@access.public
def second_factor() -> ResponseReturnValue:
    """Ask for the code of someone whose password was right."""
    if not current_user.is_authenticated:
        return redirect(url_for("accounts.sign_in"), code=303)
    target = web.safe_next(request.args.get("next"))
    if current_user.second_factor_passed:
        return redirect(target or _home(current_user.kind), code=303)
    return render_template("accounts/second_factor.html", form=CodeForm(), next=target)


@bp.post("/second-factor")
@access.public
@limits.per_address("30 per minute")
def second_factor_submit() -> ResponseReturnValue:
    """Check the code and start a fresh session."""
    if not current_user.is_authenticated:
        return redirect(url_for("accounts.sign_in"), code=303)
    person, form, status = current_user, CodeForm(), 422
    target = web.safe_next(request.form.get("next"))
    if form.validate_on_submit():
        try:
            token = actions.second_factor(
                sign_in_id=person.sign_in_id,
                user_id=person.user_id,
                code=form.code.data,
                actor=web.actor(),
                wall_now=clock.wall_now(),
            )
        except HomewardError as error:
            form.code.errors = [*form.code.errors, _(error.message)]
            status = 429 if isinstance(error, NotAllowed) else 422
        else:
            _remember(token)
            return redirect(target or _home(person.kind), code=303)
    return render_template("accounts/second_factor.html", form=form, next=target), status


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
            actions.send_confirmation_again(email=form.email.data, actor=web.actor(), now=clock.now())
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
        actions.confirm_address(
            token=token,
            password=form.password.data,
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
    if current_user.is_authenticated:
        return redirect(_home(current_user.kind), code=303)
    return redirect(url_for("accounts.sign_in"), code=303)


def _confirm_page(token: str, form: ConfirmForm, *, is_open: bool, status: int) -> ResponseReturnValue:
    shown = form if is_open else None
    return render_template("accounts/confirm.html", token=token, form=shown, is_open=is_open), status
