"""The second step of signing in: a passkey, a code from an app, a recovery code, or one that was mailed."""

from __future__ import annotations

import math

from flask import flash, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from service.accounts import actions
from service.accounts.forms.factors import SecondStepForm
from service.accounts.queries.factors import Factors, code_waits, credential_ids, factors, next_code_at
from service.accounts.rules.passkeys import to_ask
from service.accounts.views import bp, cookies
from service.kit import access, clock, db, limits, web
from service.kit.errors import HomewardError, NotAllowed, Rejected

SHOW = "show"  # the purpose of a challenge


def mine() -> Factors:
    """What the person of this request can show."""
    with db.reading() as session:
        return factors(session, current_user.user_id)


def way_of(found: Factors, wished: str | None) -> str:
    """How the page asks: as wished, where that can be; else an app's code, the passkey alone, or a mailed code."""
    possible = ["app"] * found.totp + ["passkey"] * bool(found.passkeys) + ["recovery"] * found.own
    possible = possible or ["mail"]
    return wished if wished in possible else possible[0]


def _already() -> ResponseReturnValue | None:
    """Somebody for whom there is nothing to do here is sent to where they belong."""
    target = web.safe_next(request.values.get("next"))
    if not current_user.is_authenticated:
        return redirect(url_for("accounts.sign_in", next=target), code=303)
    if current_user.must_set_up:
        return redirect(url_for("accounts.start_second_step", next=target), code=303)
    if not current_user.second_step_due:
        return redirect(target or cookies.home(current_user.kind), code=303)
    return None


def _page(form: SecondStepForm, found: Factors, way: str, status: int = 200) -> ResponseReturnValue:
    target = web.safe_next(request.values.get("next"))
    mailed, minutes = _mailed() if way == "mail" else (False, 0)
    shown = {
        "mailed": mailed,
        "minutes": minutes,
        "form": form,
        "found": found,
        "way": way,
        "next": target,
        "kind": current_user.kind,
        "waiting": status == 429,  # perhaps for what somebody else tried
    }
    return render_template("accounts/second_factor.html", **shown), status


def _mailed() -> tuple[bool, int]:
    """Does a mailed code work in this sign-in, and in how many minutes may another one leave?"""
    with db.reading() as session:
        at = clock.wall_now()
        waits = code_waits(session, current_user.sign_in_id, "sign_in", at)
        due = next_code_at(session, current_user.user_id, "sign_in", at)
    return waits, max(0, math.ceil((due - at).total_seconds() / 60))


@bp.get("/second-factor")
@access.public
def second_factor() -> ResponseReturnValue:
    """Ask for the second step of someone whose password was right."""
    away = _already()
    if away is not None:
        return away
    found = mine()
    way = way_of(found, request.args.get("way"))
    return _page(SecondStepForm(None, way=way).asking(way), found, way)


@bp.post("/second-factor")
@access.public
@limits.per_address("30 per minute")
def second_factor_submit() -> ResponseReturnValue:
    """Check what was shown, and start a fresh session."""
    away = _already()
    if away is not None:
        return away
    form, found, status = SecondStepForm(), mine(), 422
    way = way_of(found, form.way.data)
    form.asking(way)
    if form.validate_on_submit():
        try:
            signed_in = actions.second_factor(
                sign_in_id=current_user.sign_in_id,
                user_id=current_user.user_id,
                shown=shown(form, way),
                site=cookies.site(),
                remember=bool(form.remember.data),
                device_cookie=cookies.device_cookie(),
                actor=web.actor(),
                now=clock.now(),
                wall_now=clock.wall_now(),
            )
        except (Rejected, NotAllowed) as error:
            status = form.turned_down(error)
        else:
            return cookies.come_in(signed_in, web.safe_next(request.form.get("next")))
    return _page(form, found, way, status)


def shown(form: SecondStepForm, way: str) -> actions.Shown:
    """What the form carries, with the challenge that a passkey answers."""
    if way == "passkey":
        return actions.Shown(way, form.credential.data or "", cookies.take_challenge(SHOW))
    return actions.Shown(way, form.code.data or "")


@bp.post("/second-factor/code")
@access.public
@limits.per_address("10 per minute")
def send_code() -> ResponseReturnValue:
    """Mail another code. Said alike on the page whether it left now or a moment ago."""
    away = _already()
    if away is not None:
        return away
    try:
        actions.send_code(
            sign_in_id=current_user.sign_in_id,
            user_id=current_user.user_id,
            actor=web.actor(),
            now=clock.now(),
            wall_now=clock.wall_now(),
        )
    except HomewardError as error:
        flash(_(error.message))
    else:
        flash(_("A new code is on its way. Only the newest one works."), "good")
    return redirect(url_for("accounts.second_factor", next=web.safe_next(request.form.get("next"))), code=303)


@bp.post("/second-factor/passkey")
@access.public
@limits.per_address("30 per minute")
def passkey_to_show() -> ResponseReturnValue:
    """What the browser asks a passkey for, as JSON: only the person's own will do."""
    if not current_user.is_authenticated:
        return jsonify(message=_("You were signed out meanwhile. Sign in again.")), 403
    with db.reading() as session:
        allowed = credential_ids(session, current_user.user_id)
    return jsonify(to_ask(cookies.site(), cookies.new_challenge(SHOW), allowed))
