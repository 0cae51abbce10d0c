"""How many wait for us to open where. Counts: whoever waits is known to nobody here."""

from __future__ import annotations

from flask import current_app, render_template
from flask.typing import ResponseReturnValue

from service.enrollment.queries import waitlist as queries
from service.enrollment.rules.regions import place_name
from service.enrollment.staff_views import bp
from service.kit import access, db


@bp.get("/staff/waitlist")
@access.staff("owner", "coordinator")
def waitlist() -> ResponseReturnValue:
    """A line for each state and program that somebody asked for."""
    with db.reading() as session:
        found = queries.counts(session)
    programs = current_app.config["CATALOG"].programs
    names = {key: program.name for key, program in programs.items()}
    return render_template("enrollment/staff/waitlist.html", lines=found, place_name=place_name, names=names)
