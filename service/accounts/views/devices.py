"""Where one is signed in, and how to end it: behind a fresh proof (ASVS 5.0 7.5.2)."""

from __future__ import annotations

from uuid import UUID

from flask import flash, redirect, render_template, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from service.accounts.actions import devices as actions
from service.accounts.queries.devices import known_devices, open_sign_ins
from service.accounts.views import bp
from service.kit import access, clock, db, web


def _back(words: str) -> ResponseReturnValue:
    flash(words)
    return redirect(url_for("accounts.devices"), code=303)


def _left() -> ResponseReturnValue:
    session.clear()
    return redirect(url_for("accounts.signed_out"), code=303)


@bp.get("/settings/devices")
@access.signed_in
@access.step_up
def devices() -> ResponseReturnValue:
    """Every browser that is signed in, this one marked; every browser that spares the second step."""
    person = current_user
    with db.reading() as reading:
        signed_in = open_sign_ins(
            reading,
            user_id=person.user_id,
            kind=person.kind,
            here=person.sign_in_id,
            wall_now=clock.wall_now(),
        )
        known = known_devices(reading, person.user_id, clock.wall_now())
    return render_template("accounts/settings/devices.html", signed_in=signed_in, known=known, zone=person.time_zone)


@bp.post("/settings/devices/<uuid:sign_in_id>/end")
@access.signed_in
@access.step_up
def end_sign_in(sign_in_id: UUID) -> ResponseReturnValue:
    """End one sign-in of one's own."""
    here = sign_in_id == current_user.sign_in_id
    actions.end_one(user_id=current_user.user_id, sign_in_id=sign_in_id, actor=web.actor(), wall_now=clock.wall_now())
    return _left() if here else _back(_("That browser is signed out."))


@bp.post("/settings/devices/end-others")
@access.signed_in
@access.step_up
def end_other_sign_ins() -> ResponseReturnValue:
    """Sign out everywhere but here."""
    actions.end_others(
        user_id=current_user.user_id,
        sign_in_id=current_user.sign_in_id,
        actor=web.actor(),
        wall_now=clock.wall_now(),
    )
    return _back(_("Every other browser is signed out."))


@bp.post("/settings/devices/end-all")
@access.signed_in
@access.step_up
def end_all_sign_ins() -> ResponseReturnValue:
    """Sign out everywhere, here too."""
    actions.end_all(user_id=current_user.user_id, actor=web.actor(), wall_now=clock.wall_now())
    return _left()


@bp.post("/settings/devices/known/<uuid:device_id>/forget")
@access.signed_in
@access.step_up
def forget_device(device_id: UUID) -> ResponseReturnValue:
    """Forget one browser of one's own."""
    actions.forget(user_id=current_user.user_id, device_id=device_id, actor=web.actor(), wall_now=clock.wall_now())
    return _back(_("That browser is forgotten: it asks for the second step next time."))


@bp.post("/settings/devices/known/forget-all")
@access.signed_in
@access.step_up
def forget_devices() -> ResponseReturnValue:
    """Forget every browser."""
    actions.forget_all(user_id=current_user.user_id, actor=web.actor(), wall_now=clock.wall_now())
    return _back(_("Every browser is forgotten: each asks for the second step next time."))
