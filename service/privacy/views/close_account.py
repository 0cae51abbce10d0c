"""Closing one's account: what it means, one tick, one button."""

from __future__ import annotations

from flask import current_app, redirect, render_template, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from service.billing import queries as billing
from service.kit import access, clock, db, limits, web
from service.kit.errors import TryAgain
from service.privacy import actions
from service.privacy.forms import CloseForm
from service.privacy.views import bp
from service.visits import queries as visits


@bp.get("/settings/close-account")
@access.patient
@access.step_up
def close_account() -> ResponseReturnValue:
    """What is removed, what the law keeps and for how long, and what happens to the rest."""
    return _page(CloseForm(formdata=None))


@bp.post("/settings/close-account")
@access.patient
@access.step_up
@limits.per_address("30 per minute")
def close_account_submit() -> ResponseReturnValue:
    """Close it. The browser forgets everything; the next page is public."""
    form = CloseForm()
    if not form.validate_on_submit():
        return _page(form, 422)
    try:
        actions.close_account(
            gateway=current_app.config["GATEWAY"],
            catalog=current_app.config["CATALOG"],
            actor=web.actor(),
            now=clock.now(),
            wall_now=clock.wall_now(),
        )
    except TryAgain:
        form.understood.errors = [
            _(
                "We could not reach our payment provider, so your account is not closed yet. "
                "Try again in a few minutes: we go on from there."
            )
        ]
        return _page(form, 503)
    session.clear()
    return redirect(url_for("privacy.account_closed"), code=303)


@bp.get("/account-closed")
@access.public
def account_closed() -> ResponseReturnValue:
    """It is done. The same page for everybody: it tells nothing."""
    return render_template("privacy/account_closed.html")


def _page(form: CloseForm, status: int = 200) -> ResponseReturnValue:
    with db.reading() as reading:
        card = billing.membership_of(reading, current_user.patient_id)
        booked = visits.booked_visit(reading, current_user.patient_id)
    page = render_template(
        "privacy/close_account.html",
        form=form,
        member=card is not None and card.status not in ("awaiting_payment", "ended"),
        visit=booked,
        keep=current_app.config["CATALOG"].retention,
        zone=current_user.time_zone,
    )
    return page, status
