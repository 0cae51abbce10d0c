"""The list of memberships, and finding one."""

from __future__ import annotations

from typing import Any

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from service.billing.actions.desk import look
from service.billing.forms.giving import FindForm
from service.billing.queries.desk import MANY, Place
from service.billing.rules.inbox import MAY_WATCH
from service.billing.rules.shelves import SHELVES, Wanted, wanted
from service.billing.staff_views import bp
from service.billing.staff_views.common import catalog, door
from service.billing.staff_views.words import shelf_names, status_tags
from service.kit import web
from service.kit.errors import NotFound


@bp.get("/staff/memberships")
@door
def memberships() -> ResponseReturnValue:
    """A page of memberships. The address says which shelf, which state and plan, and which page."""
    return _list(FindForm(formdata=None))


@bp.post("/staff/memberships/find")
@door
def find() -> ResponseReturnValue:
    """One membership by a whole e-mail address or an id."""
    form = FindForm()
    if not form.validate():
        return _list(form, 422)
    try:
        found = look.find(wanted=form.wanted.data, actor=web.actor())
    except NotFound:
        form.wanted.errors = [_("Nobody with a membership has this address or id. Check each letter.")]
        return _list(form, 422)
    return redirect(url_for(".membership", membership_id=found), code=303)


def _list(form: FindForm, status: int = 200) -> ResponseReturnValue:
    chosen = wanted(request.args, states=catalog().states, plans=catalog().plans)
    after, before = Place.read(request.args.get("after")), Place.read(request.args.get("before"))
    shown = look.open_list(wanted=chosen, after=after, before=before, actor=web.actor())
    page = shown.page
    address: dict[str, Any] = dict(chosen.address())
    text = render_template(
        "billing/staff/memberships.html",
        shown=shown,
        page=page,
        wanted=chosen,
        address=address,
        form=form,
        tabs=_tabs(page.counts, chosen),
        choices=_choices(),
        tags=status_tags(),
        plans=catalog().plans,
        following=url_for(".memberships", **address, after=str(page.following)) if page.following else None,
        preceding=url_for(".memberships", **address, before=str(page.preceding)) if page.preceding else None,
        may_watch=current_user.role in MAY_WATCH,
        zone=current_user.time_zone,
    )
    return text, status


def _tabs(counts: dict[str, int], chosen: Wanted) -> list[tuple[str, str, str, str]]:
    """(key, words, how many, address) of every shelf, with all else as it is."""
    rest: dict[str, Any] = {name: word for name, word in chosen.address().items() if name != "show"}
    names = shelf_names()
    return [
        (
            key,
            names[key],
            _number(counts.get(key)),
            url_for(".memberships", show=key or None, **rest),
        )
        for key in SHELVES
    ]


def _number(counted: int | None) -> str:
    """As far as it was counted: "12", "1,000+", or nothing."""
    if counted is None:
        return ""
    return f"{MANY:,}+" if counted > MANY else f"{counted:,}"


def _choices() -> dict[str, list[tuple[str, str]]]:
    """What each list of the filter offers: (value, words)."""
    return {
        "state": [("", _("All states")), *((one.code, one.name) for one in catalog().states.values())],
        "plan": [("", _("All plans")), *((one.key, one.name) for one in catalog().plans.values())],
        "stopped_for": [
            ("", _("Any reason")),
            ("paused", _("Paused by us")),
            ("unpaid", _("Unpaid after every try")),
        ],
    }
