"""A copy of everything, for the person it is about."""

from __future__ import annotations

from uuid import UUID

from flask import Response, current_app, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from service.kit import access, clock, db, limits, web
from service.kit.errors import Rejected
from service.privacy import actions, queries
from service.privacy.views import bp

TYPES = {"json": "application/json", "pdf": "application/pdf"}


@bp.get("/settings/your-data")
@access.patient
@access.step_up
def your_data() -> ResponseReturnValue:
    """What a copy is, the button that asks for one, and those that are there."""
    with db.reading() as session:
        found = queries.copies_of(session, current_user.patient_id)
    keep = current_app.config["CATALOG"].retention["copies"]
    return render_template(
        "privacy/your_data.html",
        copies=found,
        waiting=any(copy.status == "asked" for copy in found),
        keep=keep.length,
        zone=current_user.time_zone,
        wall_now=clock.wall_now(),
    )


@bp.post("/settings/your-data")
@access.patient
@access.step_up
@limits.per_address("30 per minute")
def ask_copy() -> ResponseReturnValue:
    """Ask for a copy. Pressing twice asks once."""
    try:
        actions.ask_copy(actor=web.actor(), wall_now=clock.wall_now())
    except Rejected as no:
        flash(_(no.message), "bad")
    else:
        flash(_("We are making your copy. You get an email when it is ready, most often within minutes."), "good")
    return redirect(url_for("privacy.your_data"), code=303)


@bp.get("/settings/your-data/<uuid:copy_id>/<any(json, pdf):kind>")
@access.patient
@access.step_up
def download(copy_id: UUID, kind: str) -> ResponseReturnValue:
    """One file. Each download is written down."""
    found = actions.open_copy(
        copy_id=copy_id, kind="json" if kind == "json" else "pdf", actor=web.actor(), wall_now=clock.wall_now()
    )
    response = Response(found.content, mimetype=TYPES[kind])
    response.headers["Content-Disposition"] = f'attachment; filename="{found.name}"'
    response.headers["Cache-Control"] = "no-store"
    return response
