"""Who looked at or changed what is mine: for the person it is about."""

from __future__ import annotations

from datetime import timedelta

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from service.kit import access, clock, db
from service.privacy.queries import trail
from service.privacy.queries.trail import Wanted
from service.privacy.rules.places import read_place, write_place
from service.privacy.views import bp

PAGE = 30
BY_ITSELF = timedelta(days=30)


@bp.get("/settings/who-looked")
@access.patient
def who_looked() -> ResponseReturnValue:
    """What staff looked at or did, newest first; `mine` adds what I did myself. What the service did is summed up."""
    everything = request.args.get("mine") == "1"
    wanted = Wanted(patient_id=current_user.patient_id, actor_kind=None if everything else "staff", people_only=True)
    before = read_place(request.args.get("before"))
    with db.reading() as session:
        found = trail.lines(session, wanted, before=before, limit=PAGE + 1)
        more = len(found) > PAGE
        lines = trail.told(trail.marked(session, found[:PAGE], current_user.patient_id))
        since = clock.wall_now() - BY_ITSELF
        by_itself = trail.by_itself(session, current_user.patient_id, since) if before is None else []
    mine = 1 if everything else None
    older = url_for("privacy.who_looked", before=write_place(*lines[-1].place), mine=mine) if more else None
    return render_template(
        "privacy/who_looked.html",
        lines=trail.together(lines, current_user.time_zone),
        by_itself=by_itself,
        everything=everything,
        first_page=before is None,
        older=older,
        zone=current_user.time_zone,
    )
