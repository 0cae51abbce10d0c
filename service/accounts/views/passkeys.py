"""Passkeys: signing in with one, adding, naming and removing them. The script that speaks with the browser is
static/js/passkeys.js; without it the pages say so and name the other ways."""

from __future__ import annotations

from uuid import UUID

from flask import flash, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from service.accounts import actions
from service.accounts.forms import SignInForm
from service.accounts.forms.factors import AddPasskeyForm, NameForm, PasskeySignInForm, RemoveForm
from service.accounts.queries.factors import PasskeyShown
from service.accounts.rules.passkeys import to_ask
from service.accounts.views import bp, cookies
from service.accounts.views.factors import after_adding
from service.accounts.views.second_step import mine
from service.accounts.views.start import after, code_first, layout, to_start
from service.kit import access, clock, limits, web
from service.kit.errors import Conflict, HomewardError, NotFound, Rejected, words

SIGN_IN, MAKE = "sign_in", "make"  # purposes of a challenge
NO_SUCH = NotFound("no_such_passkey", words("There is no such passkey."))


@bp.post("/sign-in/passkey/ask")
@access.public
@limits.per_address("30 per minute")
def passkey_to_sign_in() -> ResponseReturnValue:
    """What the browser asks for, as JSON: any passkey it has for this site. Names nobody's."""
    return jsonify(to_ask(cookies.site(), cookies.new_challenge(SIGN_IN), []))


@bp.post("/sign-in/passkey")
@access.public
@limits.per_address("30 per minute")
def sign_in_with_passkey() -> ResponseReturnValue:
    """Both steps at once."""
    form, target = PasskeySignInForm(), web.safe_next(request.form.get("next"))
    if form.validate_on_submit():
        try:
            signed_in = actions.sign_in_with_passkey(
                site=cookies.site(),
                credential=form.credential.data,
                challenge=cookies.take_challenge(SIGN_IN),
                device_cookie=cookies.device_cookie(),
                replaces=current_user.sign_in_id if current_user.is_authenticated else None,
                actor=web.actor(),
                now=clock.now(),
                wall_now=clock.wall_now(),
            )
        except Rejected as error:
            form.form_errors.append(_(error.message))
        else:
            return cookies.come_in(signed_in, target)
    page = SignInForm(None)
    page.form_errors.extend(form.form_errors)
    return render_template("accounts/sign_in.html", form=page, next=target), 422


@bp.post("/settings/second-step/passkeys/ask")
@access.signed_in
@access.setting_up
@access.step_up
@limits.per_address("30 per minute")
def passkey_to_make() -> ResponseReturnValue:
    """What the browser makes a passkey from, as JSON."""
    challenge = cookies.new_challenge(MAKE)
    options = actions.new_passkey_options(user_id=current_user.user_id, site=cookies.site(), challenge=challenge)
    return jsonify(options)


@bp.get("/settings/second-step/passkeys/new")
@access.signed_in
@access.setting_up
@access.step_up
def add_passkey() -> ResponseReturnValue:
    """What a passkey is, and the button that makes one."""
    if code_first():
        return to_start()
    return _new_page(AddPasskeyForm(None))


def _new_page(form: AddPasskeyForm, status: int = 200) -> ResponseReturnValue:
    return render_template("accounts/factors/new_passkey.html", form=form, next=after(), layout=layout()), status


@bp.post("/settings/second-step/passkeys/new")
@access.signed_in
@access.setting_up
@access.step_up
@limits.per_address("30 per minute")
def add_passkey_submit() -> ResponseReturnValue:
    """Keep what the browser made."""
    form = AddPasskeyForm()
    if form.validate_on_submit():
        try:
            signed_in = actions.add_passkey(
                user_id=current_user.user_id,
                sign_in_id=current_user.sign_in_id,
                site=cookies.site(),
                credential=form.credential.data,
                challenge=cookies.take_challenge(MAKE),
                name=form.name.data,
                end_others=bool(form.end_others.data),
                device_cookie=cookies.device_cookie(),
                actor=web.actor(),
                now=clock.now(),
                wall_now=clock.wall_now(),
            )
        except (Rejected, Conflict) as error:
            form.form_errors.append(_(error.message))
        else:
            return after_adding(signed_in, _("Your passkey is added."))
    return _new_page(form, 422)


def _own(passkey_id: UUID) -> PasskeyShown:
    found = next((key for key in mine().passkeys if key.id == passkey_id), None)
    if found is None:
        raise NO_SUCH
    return found


@bp.get("/settings/second-step/passkeys/<uuid:passkey_id>")
@access.signed_in
@access.step_up
def passkey(passkey_id: UUID) -> ResponseReturnValue:
    """One passkey: its name, and how to remove it."""
    key = _own(passkey_id)
    return _key_page(key, NameForm(None, name=key.name))


def _key_page(key: PasskeyShown, form: NameForm, status: int = 200) -> ResponseReturnValue:
    found = mine()
    only = not found.totp and len(found.passkeys) == 1
    shown = {"key": key, "form": form, "removal": RemoveForm(None), "layout": layout()}
    shown |= {"only": only, "needed": only and current_user.kind == "staff"}
    return render_template("accounts/factors/passkey.html", **shown, zone=current_user.time_zone), status


@bp.post("/settings/second-step/passkeys/<uuid:passkey_id>")
@access.signed_in
@access.step_up
def rename_passkey(passkey_id: UUID) -> ResponseReturnValue:
    """Call it something else."""
    key, form = _own(passkey_id), NameForm()
    if not form.validate_on_submit():
        return _key_page(key, form, 422)
    actions.rename_passkey(user_id=current_user.user_id, passkey_id=passkey_id, name=form.name.data, actor=web.actor())
    flash(_("The name is changed."))
    return redirect(url_for("accounts.second_steps"), code=303)


@bp.post("/settings/second-step/passkeys/<uuid:passkey_id>/remove")
@access.signed_in
@access.step_up
def remove_passkey(passkey_id: UUID) -> ResponseReturnValue:
    """Remove it."""
    key, form = _own(passkey_id), RemoveForm()
    try:
        token = actions.remove_passkey(
            user_id=current_user.user_id,
            sign_in_id=current_user.sign_in_id,
            passkey_id=passkey_id,
            end_others=bool(form.end_others.data),
            actor=web.actor(),
            now=clock.now(),
            wall_now=clock.wall_now(),
        )
    except HomewardError as error:
        page = NameForm(None, name=key.name)
        page.form_errors.append(_(error.message))
        return _key_page(key, page, 409)
    flash(_("The passkey is removed."))
    return cookies.stay(actions.SignedIn(token, current_user.kind), url_for("accounts.second_steps"))
