"""The audit trail: who did or saw what, whose, when, why, from where, and how it ended. Never content."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask import Response, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from service.audit.rules.acts import GROUPS
from service.audit.rules.whys import TRIED, say_why
from service.kit import access, clock, web
from service.privacy.actions import trail as actions
from service.privacy.queries.trail import Wanted
from service.privacy.rules.places import read_place, write_place
from service.privacy.staff_views import bp
from service.privacy.staff_views.trail_form import ExportForm, TrailForm

FILTERS = ("who", "act", "outcome", "from_on", "until_on", "patient")


@bp.get("/staff/audit")
@access.staff("owner", "auditor")
def trail() -> ResponseReturnValue:
    """A page of it, newest first, narrowed as the form says."""
    form = TrailForm(request.args)
    form.offer([])
    good = form.validate()
    wanted = _wanted(form) if good else Wanted()
    found = actions.open_trail(
        wanted=wanted, before=read_place(request.args.get("before")), actor=web.actor(), wall_now=clock.wall_now()
    )
    form.offer(found.staff)
    page = render_template(
        "privacy/staff/trail.html",
        form=form,
        found=found,
        narrowed=wanted.patient_id,
        older=url_for("privacy_staff.trail", **_kept(form), before=write_place(*found.next)) if found.next else None,
        export=url_for("privacy_staff.export", **_kept(form)),
        tried=TRIED,
        say_why=say_why,
        of_patient={line.patient_id: url_for("privacy_staff.trail", patient=line.patient_id) for line in found.lines},
        zone=current_user.time_zone,
        wall_now=clock.wall_now(),
    )
    return page, 200 if good else 422


@bp.route("/staff/audit/export", methods=["GET", "POST"])
@access.staff("owner", "auditor")
@access.step_up
def export() -> ResponseReturnValue:
    """The same lines as a file, for a reason that is written down."""
    form = ExportForm() if request.method == "POST" else ExportForm(request.args)
    if request.method == "POST" and form.validate():
        file = actions.export_trail(wanted=_wanted(form), reason=form.reason.data, actor=web.actor())
        name = f"audit-trail-{clock.wall_now():%Y-%m-%d}.csv"
        headers = {"Content-Disposition": f'attachment; filename="{name}"'}
        return Response(file, mimetype="text/csv", headers=headers)
    back = url_for("privacy_staff.trail", **_kept(form))
    page = render_template("privacy/staff/trail_export.html", form=form, filters=FILTERS, back=back, most=actions.MOST)
    return page, 422 if form.errors else 200


def _wanted(form: TrailForm) -> Wanted:
    zone = ZoneInfo(current_user.time_zone)
    first, last = form.days
    return Wanted(
        patient_id=form.patient_id,
        actor_id=form.actor_id,
        actor_kind=form.actor_kind,
        group=form.act.data if form.act.data in GROUPS else None,
        outcome=form.outcome.data if form.outcome.data in ("done", "refused") else None,
        since=datetime.combine(first, time(), zone) if first else None,
        until=datetime.combine(last + timedelta(days=1), time(), zone) if last and last < last.max else None,
    )


def _kept(form: TrailForm) -> dict[str, Any]:
    return {name: form[name].data for name in FILTERS if form[name].data}
