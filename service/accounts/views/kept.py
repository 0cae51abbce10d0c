"""What somebody typed when their sign-in had ended: sent now, or thrown away. And how long they are still signed in."""

from __future__ import annotations

from uuid import UUID

from flask import current_app, flash, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RoutingException

from service.accounts import actions
from service.accounts.actions import kept as kept_actions
from service.accounts.forms import kept as spoken
from service.accounts.queries.people import staff_names
from service.accounts.views import bp
from service.kit import access, clock, db, keeping, web

HOME = {"patient": "dashboard.home", "staff": "dashboard.staff_home"}


class Keeper:
    """Keeps forms in our tables, in the words of kit/keeping.py."""

    def after_sign_in(self, token: str, path: str, fields: keeping.Fields) -> UUID | None:
        """Keep it for whoever's sign-in this was."""
        return kept_actions.keep_after_sign_in(
            token=token,
            path=path,
            fields=fields,
            before=_before(),
            address=request.remote_addr,
            wall_now=clock.wall_now(),
        )

    def before_proof(self, path: str, fields: keeping.Fields) -> UUID | None:
        """Keep it for whoever is signed in."""
        return kept_actions.keep_before_proof(
            path=path, fields=fields, before=_before(), actor=web.actor(), wall_now=clock.wall_now()
        )

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
    path, staff = found.path, current_user.kind == "staff"
    names: spoken.Names = {}
    if staff:  # whom a change on the team is about, and who is to join
        with db.reading() as session:
            names = staff_names(session, spoken.ids_in(path, found.fields))
    about = [names[one] for one in spoken.ids_in(path, []) if one in names]
    return render_template(
        "accounts/kept.html",
        form_kept=found,
        field=keeping.FIELD,
        where=": ".join([spoken.place(path), *about]),
        page=path if staff and _opens(path) else None,
        typed=spoken.in_words(
            path, found.fields, current_app.config["CATALOG"].instruments, names, current_user.time_zone
        ),
        zone=current_user.time_zone,
    )


def _before() -> UUID | None:
    """Where this form was kept before, as it says itself."""
    try:
        return UUID(request.form.get(keeping.FIELD, ""))
    except ValueError:
        return None


def _opens(path: str) -> bool:
    """Is there a page at the address that a form goes to?"""
    adapter = current_app.create_url_adapter(request)
    assert adapter is not None
    try:
        adapter.match(path.partition("?")[0], method="GET")
    except (HTTPException, RoutingException):
        return False
    return True


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
