"""Proving once more that it is you, before something risky. Guards send people here; they go back where they were."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from service.accounts import actions
from service.accounts.forms.factors import PasswordForm, SecondStepForm
from service.accounts.queries.factors import Factors, code_waits
from service.accounts.views import bp, cookies
from service.accounts.views.second_step import mine, shown, way_of
from service.accounts.views.start import layout
from service.kit import access, clock, db, limits, web
from service.kit.errors import NotAllowed, Rejected, words

# Where somebody is going, by the beginning of the address.
NEXT = {
    "/settings/password": words("changing your password"),
    "/settings/email": words("changing your email address"),
    "/settings/phone": words("changing your phone number"),
    "/settings/address": words("changing your address"),
    "/settings/second-step": words("changing your second step"),
    "/settings/your-data": words("the copy of your data"),
    "/settings/close-account": words("closing your account"),
    "/kept": words("what you had typed"),
    "/staff/team": words("changing who is on the team"),
}


def _code_waits() -> bool:
    with db.reading() as session:
        return code_waits(session, current_user.sign_in_id, "prove", clock.wall_now())


def _target() -> str | None:
    return web.safe_next(request.values.get("next"))


def _page(form: SecondStepForm | PasswordForm, found: Factors, way: str, status: int = 200) -> ResponseReturnValue:
    target = _target()
    shown = {"form": form, "found": found, "way": way, "next": target, "layout": layout()}
    in_settings = (target or "").startswith("/settings")
    away = url_for("accounts.settings") if in_settings else cookies.home(current_user.kind)
    shown |= {"reason": _what_comes(target), "away": away, "again": PasswordForm(None)}
    return render_template("accounts/factors/prove.html", **shown), status


def _what_comes(target: str | None) -> str:
    """What the person is about to do, in words; empty where we have none for it."""
    return next((_(what) for path, what in NEXT.items() if (target or "").startswith(path)), "")


@bp.get("/prove-it-is-you")
@access.signed_in
def prove() -> ResponseReturnValue:
    """Ask for a second step; of people who have none of their own, for the password and then a mailed code."""
    if web.recently_proved():
        return redirect(_target() or cookies.home(current_user.kind), code=303)
    found = mine()
    way = way_of(found, request.args.get("way"))
    if way == "mail" and not _code_waits():
        return _page(PasswordForm(None), found, "password")
    return _page(SecondStepForm(None, way=way).asking(way), found, way)


@bp.post("/prove-it-is-you")
@access.signed_in
@limits.per_address("30 per minute")
def prove_submit() -> ResponseReturnValue:
    """Check what was shown, and go on under a new token."""
    form, found, status = SecondStepForm(), mine(), 422
    way = way_of(found, form.way.data)
    form.asking(way)
    if form.validate_on_submit():
        try:
            token = actions.prove(
                sign_in_id=current_user.sign_in_id,
                user_id=current_user.user_id,
                shown=shown(form, way),
                site=cookies.site(),
                actor=web.actor(),
                now=clock.now(),
                wall_now=clock.wall_now(),
            )
        except (Rejected, NotAllowed) as error:
            status = form.turned_down(error)
        else:
            kind = current_user.kind
            session["_user_id"] = token
            return redirect(_target() or cookies.home(kind), code=303)
    return _page(form, found, way, status)


@bp.post("/prove-it-is-you/code")
@access.signed_in
@limits.per_address("10 per minute")
def send_proof_code() -> ResponseReturnValue:
    """Check the password, and mail the code that is the other half."""
    form, status = PasswordForm(), 422
    if form.validate_on_submit():
        try:
            actions.send_proof_code(
                sign_in_id=current_user.sign_in_id,
                user_id=current_user.user_id,
                password=form.password.data,
                actor=web.actor(),
                now=clock.now(),
                wall_now=clock.wall_now(),
            )
        except (Rejected, NotAllowed) as error:
            if isinstance(error, NotAllowed):  # the password may be right
                form.form_errors.append(_(error.message))
            else:
                form.password.errors = [_(error.message)]
            status = 429 if isinstance(error, NotAllowed) else 422
        else:
            flash(_("We mailed you a code."))
            return redirect(url_for("accounts.prove", next=_target()), code=303)
    return _page(form, mine(), "password", status)
