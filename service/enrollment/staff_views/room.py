"""One visit on its day, as the care team sees it."""

from __future__ import annotations

from uuid import UUID

from flask import current_app, render_template
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from service.accounts.rules.contact import spoken_phone
from service.enrollment.actions import attend, look
from service.enrollment.staff_views import bp
from service.enrollment.staff_views.words import place_name
from service.kit import access, clock, web
from service.visits.rules.day import room_url


@bp.get("/staff/visits/<uuid:appointment_id>/room")
@access.staff(*look.MAY_LOOK)
def visit_room(appointment_id: UUID) -> ResponseReturnValue:
    """Who has come, how to reach them, and for the clinician of the visit the way in."""
    catalog = current_app.config["CATALOG"]
    found = attend.open_room(appointment_id=appointment_id, catalog=catalog, actor=web.actor(), now=clock.now())
    said = found.attested
    return render_template(
        "enrollment/staff/room.html",
        found=found,
        arrivals=arrival_names(),
        place=place_name(said.state, said.county_fips) if said else "",
        callback=spoken_phone(found.callback) if found.callback else "",
        may_hand=found.visit.status == "booked" and found.visit.ends_at > clock.now(),
        join=room_url(current_app.config["HOMEWARD"].video_url, found.room),
        zone=current_user.time_zone,
        their_zone=found.patient.time_zone,
    )


def arrival_names() -> dict[str, tuple[str, str]]:
    """Whether a patient has come: words and a tone."""
    return {
        "phone": (_("Call them: video failed"), "bad"),
        "here": (_("Here"), "good"),
        "elsewhere": (_("In another state"), "bad"),
        "late": (_("Not here yet"), "wait"),
        "ahead": (_("Ahead"), "neutral"),
    }
