"""Sex, race and ethnicity: optional, for counts without names, and taken back whenever somebody wants."""

from __future__ import annotations

from flask import render_template
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from service.accounts.actions import demographics as actions
from service.accounts.forms.demographics import DemographicsForm
from service.accounts.queries.demographics import demographics as told_by
from service.accounts.rules.demographics import Demographics
from service.accounts.views import bp
from service.accounts.views.settings import kept
from service.kit import access, db, web
from service.kit.errors import Rejected


@bp.get("/settings/about-you/optional")
@access.patient
def demographics() -> ResponseReturnValue:
    """What they told, if anything."""
    told = _told()
    form = DemographicsForm(formdata=None, data={"sex": told.sex, "race": list(told.race), "ethnicity": told.ethnicity})
    return _page(form, told, 200)


@bp.post("/settings/about-you/optional")
@access.patient
def demographics_submit() -> ResponseReturnValue:
    """Keep it."""
    form = DemographicsForm()
    form.offer()
    if not form.validate():
        return _page(form, _told(), 422)
    try:
        changed = actions.change_demographics(
            user_id=current_user.user_id,
            sex=form.sex.data or "",
            race=tuple(form.race.data or ()),
            ethnicity=form.ethnicity.data or "",
            actor=web.actor(),
        )
    except Rejected as error:
        form.race.errors = [_(error.message)]
        return _page(form, _told(), 422)
    return kept(changed, _("Thank you. What you told us is kept."))


@bp.post("/settings/about-you/optional/remove")
@access.patient
def demographics_remove() -> ResponseReturnValue:
    """Keep nothing."""
    changed = actions.remove_demographics(user_id=current_user.user_id, actor=web.actor())
    return kept(changed, _("What you told us about yourself is removed."))


def _told() -> Demographics:
    with db.reading() as session:
        return told_by(session, current_user.patient_id)


def _page(form: DemographicsForm, told: Demographics, status: int) -> ResponseReturnValue:
    form.offer()
    return render_template("accounts/settings/demographics.html", form=form, told=told), status
