"""Where we and Stripe differ: seen, mended where that is safe, or let be."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from service.billing.actions.control import drift
from service.billing.actions.control.drift import Repaired
from service.billing.forms.watching import WhyForm
from service.billing.rules import drift as rules
from service.billing.rules.shelves import as_id
from service.billing.staff_views import bp
from service.billing.staff_views.common import catalog, gateway, watching_door
from service.billing.staff_views.watch_words import drift_value
from service.kit import access, clock, web
from service.kit.errors import Conflict, words

OUTCOMES: dict[Repaired, tuple[str, str]] = {
    "repaired": (words("Stripe's word is taken over. Both agree now."), "good"),
    "differs": (words("Stripe's word is taken over, and something differs still. It needs a person."), "bad"),
    "away": (words("Stripe did not answer. Nothing was changed; try again in a few minutes."), "bad"),
    "refused": (
        words("This could not be taken over: a person has to look at it in Stripe. Nothing was changed."),
        "bad",
    ),
}


@bp.get("/staff/drift")
@watching_door
def drift_report() -> ResponseReturnValue:
    """A page of what differs, the newest first; or of what is settled."""
    settled = request.args.get("show") == "settled"
    field = request.args.get("kind", "")
    field = field if field in rules.FIELDS else ""
    found = drift.open_drift(
        is_open=not settled, field=field or None, before=as_id(request.args.get("before", "")), actor=web.actor()
    )
    address: dict[str, Any] = {"show": "settled" if settled else None, "kind": field or None}
    return render_template(
        "billing/staff/drift.html",
        found=found,
        settled=settled,
        field=field,
        kinds=rules.FIELDS,
        value=drift_value(current_user.time_zone),
        older=url_for(".drift_report", **address, before=found.next) if found.next else None,
        zone=current_user.time_zone,
    )


@bp.get("/staff/drift/<uuid:drift_id>")
@watching_door
def drift_one(drift_id: UUID) -> ResponseReturnValue:
    """One difference, and what may be done about it."""
    found = drift.open_one(drift_id=drift_id, actor=web.actor())
    return render_template(
        "billing/staff/drift_one.html",
        found=found,
        one=found.line,
        kind=rules.FIELDS.get(found.line.field),
        value=drift_value(current_user.time_zone),
        reasons=rules.DISMISSALS,
        zone=current_user.time_zone,
    )


@bp.route("/staff/drift/<uuid:drift_id>/repair", methods=["GET", "POST"])
@watching_door
@access.step_up
def drift_repair(drift_id: UUID) -> ResponseReturnValue:
    """Take Stripe's word for it."""
    back = url_for(".drift_one", drift_id=drift_id)
    if request.method == "POST":
        try:
            done = drift.repair(
                drift_id=drift_id, gateway=gateway(), catalog=catalog(), actor=web.actor(), now=clock.now()
            )
            text, tone = OUTCOMES[done]
            flash(_(text), tone)
        except Conflict as no:
            flash(_(no.message), "info")
        return redirect(back, code=303)
    found = drift.open_one(drift_id=drift_id, actor=web.actor())
    kind = rules.FIELDS.get(found.line.field)
    if found.line.settled_at is not None or kind is None or not kind.mends:
        return redirect(back, code=303)
    return render_template(
        "billing/staff/drift_repair.html",
        one=found.line,
        kind=kind,
        value=drift_value(current_user.time_zone),
        back=back,
    )


@bp.route("/staff/drift/<uuid:drift_id>/let-be", methods=["GET", "POST"])
@watching_door
@access.step_up
def drift_dismiss(drift_id: UUID) -> ResponseReturnValue:
    """Let one be."""
    form = WhyForm().offer(rules.DISMISSALS)
    back = url_for(".drift_one", drift_id=drift_id)
    if request.method == "POST" and form.validate():
        try:
            drift.dismiss(drift_id=drift_id, reason=form.reason.data, actor=web.actor(), now=clock.now())
            flash(_("It is let be. It comes back only if one of us says something else."), "good")
        except Conflict as no:
            flash(_(no.message), "info")
        return redirect(back, code=303)
    drift.check_drift(drift_id)
    page = render_template(
        "billing/staff/why.html",
        form=form,
        title=_("Let a difference be"),
        lead=_("It leaves the report. It comes back only if what we or Stripe say changes."),
        button=_("Let it be"),
        back=back,
        fields={},
        room="drift",
    )
    return page, 422 if form.errors else 200


@bp.route("/staff/drift/repair", methods=["GET", "POST"])
@watching_door
@access.step_up
def drift_repair_all() -> ResponseReturnValue:
    """Take Stripe's word for all of a kind, fifty at a time."""
    field = request.values.get("kind", "")
    kind = rules.FIELDS.get(field)
    if kind is None or not kind.mends:
        return redirect(url_for(".drift_report"), code=303)
    back = url_for(".drift_report", kind=field)
    if request.method == "POST":
        done = drift.repair_all(field=field, gateway=gateway(), catalog=catalog(), actor=web.actor(), now=clock.now())
        _say(done)
        return redirect(back, code=303)
    return render_template("billing/staff/drift_repair_all.html", kind=kind, field=field, most=drift.AT_ONCE, back=back)


def _say(done: Mapping[Repaired, int]) -> None:
    rest = sum(number for outcome, number in done.items() if outcome != "repaired")
    flash(
        _("Taken over: %(number)s. Not taken over: %(rest)s.", number=done["repaired"], rest=rest),
        "bad" if rest else "good",
    )
