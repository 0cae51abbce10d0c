"""What somebody typed when their sign-in had ended: sent now, or thrown away. And how long they are still signed in."""

from __future__ import annotations

from uuid import UUID

from flask import flash, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from service.accounts import actions
from service.accounts.actions import kept as kept_actions
from service.accounts.rules.contact import US_ZONES
from service.accounts.views import bp
from service.kit import access, clock, keeping, web
from service.kit.errors import words

HOME = {"patient": "dashboard.home", "staff": "dashboard.staff_home"}

# Which page it was meant for, by the beginning of its address.
PLACES = {
    "/check-ins": words("Your check-in"),
    "/billing": words("Plan and billing"),
    "/consents": words("What you sign"),
    "/settings/about-you": words("About you"),
    "/settings/address": words("Your address"),
    "/settings/email": words("Your email address"),
    "/settings/emergency-contact": words("Your emergency contact"),
    "/settings/language": words("Your language"),
    "/settings/phone": words("Your phone number"),
    "/settings/second-step": words("Your second step"),
    "/settings/time-zone": words("Your time zone"),
    "/visits": words("Your visits"),
}


class Keeper:
    """Keeps forms in our tables, in the words of kit/keeping.py."""

    def after_sign_in(self, token: str, path: str, fields: keeping.Fields) -> UUID | None:
        """Keep it for whoever's sign-in this was."""
        return kept_actions.keep_after_sign_in(
            token=token, path=path, fields=fields, address=request.remote_addr, wall_now=clock.wall_now()
        )

    def before_proof(self, path: str, fields: keeping.Fields) -> UUID | None:
        """Keep it for whoever is signed in."""
        return kept_actions.keep_before_proof(path=path, fields=fields, actor=web.actor(), wall_now=clock.wall_now())

    def claim(self, kept_id: UUID, path: str) -> None:
        """It is being sent."""
        kept_actions.claim(kept_id=kept_id, path=path, actor=web.actor(), wall_now=clock.wall_now())

    def settle(self, kept_id: UUID, *, done: bool) -> None:
        """It arrived, or not."""
        kept_actions.settle(kept_id=kept_id, done=done)


@bp.get("/kept/<uuid:kept_id>")
@access.signed_in
def kept(kept_id: UUID) -> ResponseReturnValue:
    """What was kept, with two buttons. Only its sender finds anything here."""
    found = kept_actions.open_kept(kept_id=kept_id, user_id=current_user.user_id, wall_now=clock.wall_now())
    return render_template(
        "accounts/kept.html",
        form_kept=found,
        field=keeping.FIELD,
        where=next((_(what) for path, what in PLACES.items() if found.path.startswith(path)), ""),
        typed=[
            (name.replace("_", " ").replace("-", " ").capitalize(), _(US_ZONES[value]) if value in US_ZONES else value)
            for name, value in found.fields
            if value.strip()
        ],
        zone=current_user.time_zone,
    )


@bp.post("/kept/<uuid:kept_id>/throw-away")
@access.signed_in
def throw_kept_away(kept_id: UUID) -> ResponseReturnValue:
    """Gone for good."""
    kept_actions.throw_away(kept_id=kept_id, actor=web.actor(), wall_now=clock.wall_now())
    flash(_("What you typed is thrown away."), "info")
    return redirect(url_for(HOME[current_user.kind]), code=303)


@bp.post("/session/extend")
@access.signed_in
def extend() -> ResponseReturnValue:
    """The person is still here. Never beyond twelve hours after signing in."""
    person, now = current_user, clock.wall_now()
    actions.touch(sign_in_id=person.sign_in_id, wall_now=now)
    if request.accept_mimetypes.best == "application/json":
        return jsonify(left=person.left_after_touch, who=person.mark)
    target = web.safe_next(request.form.get("next"))
    return redirect(target or url_for(HOME[person.kind]), code=303)


@bp.post("/session/status")
@access.public
@access.quiet
def status() -> ResponseReturnValue:
    """How many seconds are left, for the page's own clock. Asking is no sign of life: it keeps nobody signed in."""
    person = current_user
    if not person.is_authenticated or person.second_step_due:
        return jsonify(left=0, who="")
    return jsonify(left=person.left, who=person.mark)


@bp.get("/session/again")
@access.signed_in
def again() -> ResponseReturnValue:
    """After signing in beside a page that waits in another window."""
    return render_template("accounts/again.html", home=url_for(HOME[current_user.kind]))
