"""What a browser keeps for us: the sign-in, the token that says it is known, and the challenge a passkey answers."""

from __future__ import annotations

import base64
import secrets

from flask import Response, current_app, make_response, redirect, request, session, url_for
from flask.typing import ResponseReturnValue

from config.brand import brand
from service.accounts.actions import SignedIn
from service.accounts.rules.factors import DEVICE_LIFE
from service.accounts.rules.passkeys import CHALLENGE_LIFE, Site, site_of
from service.kit import clock

DEVICE_COOKIE = "__Host-homeward-device"
_CHALLENGE = "challenge"


def home(kind: str) -> str:
    """Where somebody of this kind begins."""
    return url_for("dashboard.home" if kind == "patient" else "dashboard.staff_home")


def remember(token: str) -> None:
    """Start a fresh session around `token`: nothing that was set before signing in survives."""
    session.clear()
    session["_user_id"] = token
    session["_fresh"] = True


def device_cookie() -> str | None:
    """What this browser says about being known."""
    return request.cookies.get(DEVICE_COOKIE)


def keep_device(response: Response, cookie: str | None) -> Response:
    """Let the browser keep `cookie` for as long as browsers keep any; None changes nothing."""
    if cookie is not None:
        response.set_cookie(
            DEVICE_COOKIE, cookie, max_age=DEVICE_LIFE, path="/", secure=True, httponly=True, samesite="Lax"
        )
    return response


def go(target: str, cookie: str | None = None) -> Response:
    """Go on with a GET, keeping `cookie`."""
    return keep_device(make_response(redirect(target, code=303)), cookie)


def come_in(signed_in: SignedIn, target: str | None) -> ResponseReturnValue:
    """After a step of signing in: to the next one, to where the person was going, to the offer, or home.

    The offer stands only where nobody was going anywhere: a link to a check-in leads to the check-in.
    """
    remember(signed_in.token)
    if signed_in.must_set_up:
        place = url_for("accounts.start_second_step", next=target)
    elif signed_in.second_step_due:
        place = url_for("accounts.second_factor", next=target)
    elif signed_in.offer and target is None:
        place = url_for("accounts.start_second_step")
    else:
        place = target or home(signed_in.kind)
    return go(place, signed_in.device_cookie)


def renew(token: str | None) -> None:
    """Go on under a new token, with everything else the session holds; None changes nothing."""
    if token is not None:
        session["_user_id"] = token


def stay(signed_in: SignedIn, target: str) -> Response:
    """Go on under a new token, with everything else the session holds."""
    session["_user_id"] = signed_in.token
    return go(target, signed_in.device_cookie)


def site() -> Site:
    """What passkeys are bound to: the host of our public address."""
    settings = current_app.config["HOMEWARD"]
    return site_of(settings.public_url, brand(settings.config_dir).name)


def new_challenge(purpose: str) -> bytes:
    """A fresh challenge for `purpose`, in the signed session. Answered ones are noted in the database too."""
    challenge = secrets.token_bytes(32)
    until = (clock.wall_now() + CHALLENGE_LIFE).timestamp()
    session[_CHALLENGE] = [purpose, base64.urlsafe_b64encode(challenge).decode(), until]
    return challenge


def take_challenge(purpose: str) -> bytes:
    """The challenge that was given for `purpose`, once; empty when there is none or it is too old."""
    kept = session.pop(_CHALLENGE, None)
    if not kept or kept[0] != purpose or kept[2] < clock.wall_now().timestamp():
        return b""
    return base64.urlsafe_b64decode(kept[1])
