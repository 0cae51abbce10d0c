"""The two home pages: a patient's, with what is next, its cost and what to do; the staff's, with what waits."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from flask import Blueprint, current_app, render_template
from flask.typing import ResponseReturnValue
from flask_login import current_user

from service.dashboard import queries, rules
from service.kit import access, clock, db, web

bp = Blueprint("dashboard", __name__)


@bp.get("/home")
@access.patient
def home() -> ResponseReturnValue:
    """The home page, useful at every step of the way."""
    now, person = clock.now(), web.reader()
    with db.asking() as session:
        found = queries.home(
            session,
            current_app.config["CATALOG"],
            patient_id=person.patient_id,
            zone=person.time_zone,
            now=now,
        )
    return render_template(
        "dashboard/home.html",
        home=found,
        greeting=rules.part_of_day(now, person.time_zone),
        person=person,
        zone=person.time_zone,
        now=now,
    )


@bp.get("/staff")
@access.staff("owner", "clinician", "coordinator", "billing", "auditor")
def staff_home() -> ResponseReturnValue:
    """What needs a person now. Counts only: nobody's record is opened by it."""
    now, zone = clock.now(), ZoneInfo(current_user.time_zone)
    midnight = datetime.combine(now.astimezone(zone).date(), time(), zone)
    with db.reading() as session:
        found = queries.staff_home(
            session, current_app.config["CATALOG"], from_=midnight, until=midnight + timedelta(days=1), now=now
        )
    return render_template(
        "dashboard/staff/home.html",
        home=found,
        greeting=rules.part_of_day(now, current_user.time_zone),
        zone=current_user.time_zone,
        now=now,
    )
