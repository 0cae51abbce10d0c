"""Who is waiting, and what is booked."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import Response, current_app, make_response, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_login import current_user

from service.enrollment.actions import complete, look
from service.enrollment.actions import queue as actions
from service.enrollment.forms.queue import FindForm
from service.enrollment.queries import rooms
from service.enrollment.queries.queue import LISTED, MANY, Place, QueuePage
from service.enrollment.rules.queue import FLAGS, GROUPS, SINCE, WAITING, Wanted
from service.enrollment.rules.queue import wanted as read
from service.enrollment.staff_views import bp
from service.enrollment.staff_views.room import arrival_names
from service.kit import access, clock, db, web


@bp.get("/staff/queue")
@access.staff(*look.MAY_LOOK)
def queue() -> ResponseReturnValue:
    """Enrollments that wait, the longest first. The address says whom to show (rules/queue.py) and which page."""
    return _list(by_itself=False)


@bp.get("/staff/queue/now")
@access.staff(*look.MAY_LOOK)
@access.quiet
def queue_now() -> ResponseReturnValue:
    """The same list, for the page's own script that looks again by itself: it keeps nobody signed in."""
    return _list(by_itself=_asks_for_a_part())


@bp.post("/staff/queue/find")
@access.staff(*look.MAY_LOOK)
def find() -> ResponseReturnValue:
    """One person by their exact e-mail address."""
    form = FindForm()
    if not form.validate():
        return render_template("enrollment/staff/find.html", form=form, searched=False, row=None), 422
    row = actions.find(email=form.email.data, actor=web.actor(), now=clock.now())
    return render_template(
        "enrollment/staff/find.html",
        form=FindForm(formdata=None),
        searched=True,
        row=row,
        names=status_names(over=True),
        waited=waited,
        zone=current_user.time_zone,
    )


@bp.get("/staff/visits")
@access.staff(*look.MAY_LOOK)
def upcoming() -> ResponseReturnValue:
    """The visits ahead, soonest first, and who has come: everybody's, or one's own."""
    own = request.args.get("with") == "me"
    visits = look.open_visits(actor=web.actor(), now=clock.now(), own=own)
    with db.reading() as session:
        come = rooms.arrivals(session, visits, current_app.config["CATALOG"], clock.now())
    return render_template(
        "enrollment/staff/visits.html",
        visits=visits,
        own=own,
        come=come,
        arrivals=arrival_names(),
        zone=current_user.time_zone,
    )


def wanted_here() -> Wanted:
    """Whom the address of this request asks for."""
    return read(request.args, current_app.config["CATALOG"].states)


def _list(*, by_itself: bool) -> Response:
    wanted, asked = wanted_here(), request.args
    after, before = Place.read(asked.get("after")), Place.read(asked.get("before"))
    shown = actions.open_queue(
        wanted=wanted,
        zone=current_user.time_zone,
        after=after,
        before=before,
        by_itself=by_itself,
        with_colleagues=not _asks_for_a_part(),
        actor=web.actor(),
        now=clock.now(),
    )
    page, address = shown.page, wanted.address()
    places: dict[str, Any] = {name: asked[name] for name, place in (("after", after), ("before", before)) if place}
    part = _asks_for_a_part()
    answer = make_response(
        render_template(
            "enrollment/staff/_queue.html" if part else "enrollment/staff/queue.html",
            page=page,
            wanted=wanted,
            address=address,
            tabs=_tabs(page, wanted),
            choices=_choices(shown.colleagues),
            names=status_names(),
            waited=waited,
            zone=current_user.time_zone,
            again=url_for(".queue_now", **address, **places),
            following=url_for(".queue", **address, after=str(page.following)) if page.following else None,
            preceding=url_for(".queue", **address, before=str(page.preceding)) if page.preceding else None,
            may_complete=current_user.role in complete.ROLES,
            finding=None if part else FindForm(formdata=None),
        )
    )
    answer.vary.add("HX-Request")
    if part and not by_itself:  # without the empty fields that a form sends along
        answer.headers["HX-Push-Url"] = url_for(".queue", **address, **places)
    return answer


def _asks_for_a_part() -> bool:
    headers = request.headers
    return headers.get("HX-Request") == "true" and headers.get("HX-History-Restore-Request") != "true"


def _tabs(page: QueuePage, wanted: Wanted) -> list[tuple[str, str, str, str]]:
    """(key, words, how many, address) of every status that leads to somebody, with all else as it is."""
    groups = {"": _("Waiting for us"), "patient": _("Waiting for the patient"), "all": _("Everyone")}
    singles = [one for one in LISTED if page.counts[one] or one in (*WAITING, wanted.status)]
    rest = {name: word for name, word in wanted.address().items() if name != "status"}
    names, keys = {**groups, **status_names()}, ["", *singles, "patient", "all"]
    return [
        (
            key,
            names[key],
            _number([page.counts[one] for one in GROUPS.get(key, (key,))]),
            url_for(".queue", status=key or None, **rest),
        )
        for key in keys
    ]


def _number(counted: list[int]) -> str:
    """As far as it was counted: "12", "1,000+"."""
    more = any(one > MANY for one in counted) or sum(counted) > MANY
    return f"{MANY:,}+" if more else f"{sum(counted):,}"


def _choices(colleagues: tuple[Any, ...]) -> dict[str, list[tuple[str, str]]]:
    """What each list of the filter offers: (value, words)."""
    states = current_app.config["CATALOG"].states.values()
    others = [(str(one), name) for one, name, _role in colleagues if one != current_user.user_id]
    flag_names = {"hold": _("On hold"), "alert": _("Open alert")}
    return {
        "state": [("", _("All states")), *((one.code, one.name) for one in states)],
        "owner": [
            ("", _("Anybody's")),
            ("mine", _("Mine")),
            ("nobody", _("Nobody's yet")),
            ("left", _("Of colleagues who left")),
            *others,
        ],
        "flag": [("", _("With and without")), *((one, flag_names[one]) for one in FLAGS)],
        "longer": [
            ("", _("Any time")),
            *((str(one), str(ngettext("More than %(num)s day", "More than %(num)s days", one))) for one in SINCE),
        ],
    }


def status_names(*, over: bool = False) -> dict[str, str]:
    """Where an enrollment stands, in words for staff; `over`: those that are over too."""
    ended = {"declined": _("Declined"), "ended": _("Ended")}
    return {
        "assessed": _("To book"),
        "booked": _("Visit booked"),
        "more_info": _("More information"),
        "decided": _("Decided"),
        "approved": _("Signing"),
        "consented": _("To pay"),
        "active": _("Active"),
        **(ended if over else {}),
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
