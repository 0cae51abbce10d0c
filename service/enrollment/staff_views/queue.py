"""Who is waiting, and what is booked."""

from __future__ import annotations

from datetime import timedelta

from flask import current_app, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_login import current_user

from service.enrollment.actions import look
from service.enrollment.queries import rooms
from service.enrollment.queries.queue import LISTED, WAITING, Place
from service.enrollment.staff_views import bp
from service.enrollment.staff_views.room import arrival_names
from service.kit import access, clock, db, web


@bp.get("/staff/queue")
@access.staff(*look.MAY_LOOK)
def queue() -> ResponseReturnValue:
    """Enrollments that wait, the longest first. `status` and `state` narrow the list, `after` turns the page."""
    now, catalog = clock.now(), current_app.config["CATALOG"]
    status, state = request.args.get("status", ""), request.args.get("state", "")
    status = status if status in LISTED or status == "all" else ""
    state = state if state in catalog.states else ""
    page = look.open_queue(
        statuses=LISTED if status == "all" else (status,) if status else WAITING,
        state=state or None,
        after=Place.read(request.args.get("after")),
        actor=web.actor(),
        now=now,
    )
    return render_template(
        "enrollment/staff/queue.html",
        page=page,
        status=status,
        state=state,
        filters=_filters(page.counts, status, state),
        states=[("", _("All states")), *((one.code, one.name) for one in catalog.states.values())],
        names=status_names(),
        waited=waited,
        zone=current_user.time_zone,
        following=url_for(".queue", status=status or None, state=state or None, after=str(page.following))
        if page.following
        else None,
    )


@bp.get("/staff/visits")
@access.staff(*look.MAY_LOOK)
def upcoming() -> ResponseReturnValue:
    """The visits ahead, soonest first, and who has come."""
    visits = look.open_visits(actor=web.actor())
    with db.reading() as session:
        come = rooms.arrivals(session, [one.visit for one in visits], current_app.config["CATALOG"], clock.now())
    return render_template(
        "enrollment/staff/visits.html",
        visits=visits,
        come=come,
        arrivals=arrival_names(),
        zone=current_user.time_zone,
    )


def _filters(counts: dict[str, int], current: str, state: str) -> list[tuple[str, str, int, str]]:
    """(key, words, how many, address) of every filter that leads to somebody."""
    waiting, everything = sum(counts[status] for status in WAITING), sum(counts.values())
    rows = [("", _("Waiting for us"), waiting), ("all", _("Everyone"), everything)]
    shown = [one for one in status_names().items() if counts[one[0]] or one[0] in (*WAITING, current)]
    rows[1:1] = [(status, name, counts[status]) for status, name in shown]
    return [
        (key, words, number, url_for(".queue", status=key or None, state=state or None)) for key, words, number in rows
    ]


def status_names() -> dict[str, str]:
    """Where an enrollment stands, in words for staff."""
    return {
        "assessed": _("To book"),
        "booked": _("Visit booked"),
        "more_info": _("More information"),
        "decided": _("Decided"),
        "approved": _("Signing"),
        "consented": _("To pay"),
        "active": _("Active"),
    }


def waited(time: timedelta) -> str:
    """How long somebody waits: "40 min", "2 h 10 min", "3 days"."""
    minutes = int(time.total_seconds()) // 60
    if minutes < 60:
        return str(_("%(minutes)s min", minutes=minutes))
    if minutes < 24 * 60:
        hours, rest = divmod(minutes, 60)
        return str(
            _("%(hours)s h %(minutes)s min", hours=hours, minutes=rest) if rest else _("%(hours)s h", hours=hours)
        )
    return str(ngettext("%(num)s day", "%(num)s days", minutes // (24 * 60)))
