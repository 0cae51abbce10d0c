"""The settings page of second steps, an authenticator app, and recovery codes."""

from __future__ import annotations

import io

import pyotp
import segno
from flask import Response, current_app, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from config.brand import brand
from service.accounts import actions
from service.accounts.forms.factors import AddAppForm, RemoveForm
from service.accounts.queries import address_of
from service.accounts.queries.factors import pending_secret
from service.accounts.views import bp, cookies
from service.accounts.views.second_step import mine
from service.accounts.views.start import after, code_first, layout, to_start
from service.kit import access, clock, db, web
from service.kit.errors import Conflict, NotFound, Rejected, words

NO_SECRET = NotFound("nothing_pending", words("There is no code to scan any more."))


def after_adding(signed_in: actions.SignedIn, what: str) -> ResponseReturnValue:
    """Offer recovery codes to whoever has none, then go on."""
    found = mine()
    flash(what)
    place = "accounts.second_steps" if found.recovery_codes_left else "accounts.recovery_codes"
    return cookies.stay(signed_in, url_for(place, next=after()))


@bp.get("/settings/second-step")
@access.signed_in
def second_steps() -> ResponseReturnValue:
    """Everything one can prove with, and what can be added."""
    return render_template("accounts/factors/second_steps.html", found=mine(), next=after(), layout=layout())


@bp.get("/settings/second-step/app")
@access.signed_in
@access.setting_up
@access.step_up
def add_totp() -> ResponseReturnValue:
    """How to set up an app; once a secret waits, the picture to scan."""
    if code_first():
        return to_start()
    return _app_page(AddAppForm(None))


def _app_page(form: AddAppForm, status: int = 200) -> ResponseReturnValue:
    with db.reading() as session:
        secret = pending_secret(session, current_user.user_id, current_user.sign_in_id, clock.wall_now())
    spaced = " ".join(secret[at : at + 4] for at in range(0, len(secret), 4)) if secret else None
    shown = {"secret": spaced, "has_app": mine().totp, "next": after(), "layout": layout()}
    return render_template("accounts/factors/app.html", form=form if secret else None, **shown), status


@bp.post("/settings/second-step/app/begin")
@access.signed_in
@access.setting_up
@access.step_up
def start_totp() -> ResponseReturnValue:
    """Make a secret that waits for its first code."""
    actions.start_totp(
        user_id=current_user.user_id,
        sign_in_id=current_user.sign_in_id,
        actor=web.actor(),
        wall_now=clock.wall_now(),
    )
    return redirect(url_for("accounts.add_totp", next=after()), code=303)


@bp.post("/settings/second-step/app/cancel")
@access.signed_in
@access.setting_up
@access.step_up
def cancel_totp() -> ResponseReturnValue:
    """Forget the secret that waits."""
    actions.cancel_totp(
        user_id=current_user.user_id,
        sign_in_id=current_user.sign_in_id,
        actor=web.actor(),
        wall_now=clock.wall_now(),
    )
    place = "accounts.start_second_step" if current_user.must_set_up else "accounts.second_steps"
    return redirect(url_for(place, next=after()), code=303)


@bp.get("/settings/second-step/app/picture.svg")
@access.signed_in
@access.setting_up
@access.step_up
def totp_picture() -> ResponseReturnValue:
    """The waiting secret as a QR code, drawn here: no other service ever sees it."""
    with db.reading() as session:
        secret = pending_secret(session, current_user.user_id, current_user.sign_in_id, clock.wall_now())
        address = (address_of(session, current_user.user_id) or ("",))[0]
    if secret is None:
        raise NO_SECRET
    issuer = brand(current_app.config["HOMEWARD"].config_dir).name
    picture = io.BytesIO()
    code = segno.make(pyotp.TOTP(secret).provisioning_uri(name=address, issuer_name=issuer), error="m")
    code.save(picture, kind="svg", scale=4, light="#ffffff", dark="#000000", xmldecl=False)
    return Response(picture.getvalue(), mimetype="image/svg+xml")


@bp.post("/settings/second-step/app")
@access.signed_in
@access.setting_up
@access.step_up
def add_totp_submit() -> ResponseReturnValue:
    """Put the app in force when its code is right."""
    form = AddAppForm()
    if form.validate_on_submit():
        try:
            signed_in = actions.add_totp(
                user_id=current_user.user_id,
                sign_in_id=current_user.sign_in_id,
                code=form.code.data,
                end_others=bool(form.end_others.data),
                device_cookie=cookies.device_cookie(),
                actor=web.actor(),
                now=clock.now(),
                wall_now=clock.wall_now(),
            )
        except Rejected as error:
            form.code.errors = [_(error.message)]
        else:
            return after_adding(signed_in, _("Your authenticator app is set up."))
    return _app_page(form, 422)


@bp.get("/settings/second-step/app/remove")
@access.signed_in
@access.step_up
def remove_totp() -> ResponseReturnValue:
    """Say what it means before it happens."""
    return _removal(RemoveForm(None))


def _removal(form: RemoveForm, status: int = 200) -> ResponseReturnValue:
    only = not mine().passkeys
    shown = {"form": form, "layout": layout(), "only": only, "needed": only and current_user.kind == "staff"}
    return render_template("accounts/factors/remove_app.html", **shown), status


@bp.post("/settings/second-step/app/remove")
@access.signed_in
@access.step_up
def remove_totp_submit() -> ResponseReturnValue:
    """Remove the app."""
    form = RemoveForm()
    try:
        token = actions.remove_totp(
            user_id=current_user.user_id,
            sign_in_id=current_user.sign_in_id,
            end_others=bool(form.end_others.data),
            actor=web.actor(),
            now=clock.now(),
            wall_now=clock.wall_now(),
        )
    except Conflict as error:
        form.form_errors.append(_(error.message))
        return _removal(form, 409)
    flash(_("The authenticator app is removed."))
    return cookies.stay(actions.SignedIn(token, current_user.kind), url_for("accounts.second_steps"))


@bp.get("/settings/second-step/recovery-codes")
@access.signed_in
@access.step_up
def recovery_codes() -> ResponseReturnValue:
    """How many are left, and a button for new ones."""
    return render_template("accounts/factors/recovery_codes.html", found=mine(), next=after(), layout=layout())


@bp.post("/settings/second-step/recovery-codes")
@access.signed_in
@access.step_up
def make_recovery_codes() -> ResponseReturnValue:
    """Make ten and show them, this once: they are kept nowhere, so there is no page to be redirected to."""
    codes = actions.make_recovery_codes(
        user_id=current_user.user_id,
        sign_in_id=current_user.sign_in_id,
        actor=web.actor(),
        now=clock.now(),
        wall_now=clock.wall_now(),
    )
    shown = {"codes": codes, "next": after() or cookies.home(current_user.kind), "layout": layout()}
    return render_template("accounts/factors/recovery_codes_shown.html", **shown)
