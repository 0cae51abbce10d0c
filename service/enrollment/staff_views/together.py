"""One thing for several people: a page that says what will happen to whom, then one that says what became of it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, cast
from uuid import UUID

from flask import current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from service.enrollment.actions import look
from service.enrollment.actions import together as actions
from service.enrollment.actions.together import ACT, What
from service.enrollment.forms.team import HandOverForm
from service.enrollment.staff_views import bp
from service.enrollment.staff_views.queue import status_names, waited, wanted_here
from service.kit import access, clock, web


@bp.get("/staff/queue/together")
@access.staff(*look.MAY_LOOK)
def together() -> ResponseReturnValue:
    """What would happen. The address holds random ids alone; nothing changes before it is confirmed."""
    return _ask(request.args.get("do", ""), _ids(request.args.getlist("enrollment")))


@bp.post("/staff/queue/together")
@access.staff(*look.MAY_LOOK)
def together_submit() -> ResponseReturnValue:
    """Do it, and say for each what became of it. Sent twice it is done once, and says the same again."""
    what, ids = request.form.get("do", ""), _ids(request.form.getlist("enrollment"))
    if what not in ACT or not ids:
        return _back_to_the_list()
    heir_id = None
    if what == "hand":
        form, found = HandOverForm(), actions.ask(what="hand", enrollment_ids=ids, actor=web.actor(), now=clock.now())
        form.fit(found.heirs)
        if not form.validate():
            return _ask(what, ids, form)
        heir_id = UUID(form.heir_id.data)
    done = actions.do(
        what=cast(What, what),
        enrollment_ids=ids,
        heir_id=heir_id,
        catalog=current_app.config["CATALOG"],
        actor=web.actor(),
        now=clock.now(),
    )
    return _page("enrollment/staff/together_done.html", what, found=done)


def _ask(what: str, ids: list[UUID], form: HandOverForm | None = None) -> ResponseReturnValue:
    if what not in ACT or not ids:
        return _back_to_the_list()
    found = actions.ask(what=cast(What, what), enrollment_ids=ids, actor=web.actor(), now=clock.now())
    heirs = form or HandOverForm(formdata=None)
    heirs.fit(found.heirs)
    page = _page("enrollment/staff/together.html", what, found=found, heirs=heirs, form=form)
    return page, 422 if form else 200


def _page(template: str, what: str, *, found: actions.Together, **more: Any) -> str:
    goes, address = len(found.going), wanted_here().address()
    return render_template(
        template,
        what=what,
        found=found,
        words=_words(what, goes),
        back=url_for(".queue", **address),
        sent_to=url_for(".together_submit", **address),
        names=status_names(over=True),
        waited=waited,
        **more,
    )


def _words(what: str, goes: int) -> dict[str, str]:
    """What a page says about one of the three: before (`title`, `then`, `button`) and after (`done`)."""
    people = str(ngettext("%(num)s person", "%(num)s people", goes))
    return {
        "take": {
            "title": _("Take %(people)s", people=people),
            "then": _("You become the owner of each, and look after them from now on. Each one's record says so."),
            "button": _("Take them"),
            "done": _("You look after %(people)s now", people=people),
        },
        "hand": {
            "title": _("Hand over %(people)s", people=people),
            "then": _(
                "Your colleague becomes the owner of each and joins the care team. "
                "The former owner stays on it until somebody removes them."
            ),
            "button": _("Hand them over"),
            "done": _("Your colleague looks after %(people)s now", people=people),
        },
        "complete": {
            "title": _("Complete the approval of %(people)s", people=people),
            "then": _(
                "A clinician has approved each of them, and nothing is missing. "
                "We write to each that the next step is open: signing, then paying."
            ),
            "button": _("Complete these approvals"),
            "done": _("The approval of %(people)s is complete", people=people),
        },
    }[what]


def _back_to_the_list() -> ResponseReturnValue:
    flash(_("Choose at least one person in the list first."), "info")
    return redirect(url_for(".queue", **wanted_here().address()), code=303)


def _ids(sent: Iterable[str]) -> list[UUID]:
    """The ids among what was sent, each once."""
    found: dict[UUID, None] = {}
    for text in sent:
        try:
            found[UUID(text)] = None
        except ValueError:
            continue
    return list(found)
