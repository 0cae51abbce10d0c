"""The alert list: what a person must look at now, and how to call whom it is about."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from flask import current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_login import current_user

from service.kit import access, clock, web
from service.safety import actions, rules
from service.safety.staff_views import bp


@bp.get("/staff/alerts")
@access.staff("clinician", "coordinator", "owner", "billing")
def alerts() -> ResponseReturnValue:
    """Patients first, the nearest deadline at the top, what can wait a day last; then visitors; then what was taken."""
    catalog = current_app.config["CATALOG"]
    actor = web.actor()
    found = actions.open_list(actor=actor)
    codes = {alert.code for alert in [*found.open, *found.recent]} | {group.code for group in found.visitors}
    return render_template(
        "safety/staff/alerts.html",
        open=sorted(found.open, key=lambda alert: rules.definition(catalog, alert.code).together),
        visitors=found.visitors,
        recent=found.recent,
        callers=found.callers,
        titles={code: rules.title(rules.definition(catalog, code), actor.role) for code in codes},
        may_lift=actor.role in rules.MAY_LIFT,
        now=clock.now(),
        zone=current_user.time_zone,
    )


@bp.post("/staff/alerts/<uuid:alert_id>/acknowledge")
@access.staff("clinician", "coordinator", "owner", "billing")
def acknowledge(alert_id: UUID) -> ResponseReturnValue:
    """Take an alert. A second press, or a colleague's earlier one, is told kindly."""
    taken = actions.acknowledge(alert_id=alert_id, actor=web.actor(), now=clock.now())
    if taken.by_somebody_else:
        flash(_("%(name)s has taken this alert already.", name=taken.by or _("A colleague")), "info")
    else:
        flash(_("You have taken this alert. It will not call anybody else."), "good")
    return redirect(url_for("safety_staff.alerts"), code=303)


@bp.post("/staff/alerts/visitors/acknowledge")
@access.staff("clinician", "coordinator", "owner")
def acknowledge_visitors() -> ResponseReturnValue:
    """Take the visitors' alerts the page showed; one that came later stays open."""
    if (until := _moment(request.form.get("until", ""))) is not None:
        taken = actions.acknowledge_visitors(until=until, actor=web.actor(), now=clock.now())
        said = ngettext(
            "You have taken %(num)s alert of a visitor.", "You have taken %(num)s alerts of visitors.", taken
        )
        flash(said, "good" if taken else "info")
    return redirect(url_for("safety_staff.alerts"), code=303)


def _moment(text: str) -> datetime | None:
    """What our own page wrote into its form; None for anything else."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else None
