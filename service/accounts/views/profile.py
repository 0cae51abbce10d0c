"""What somebody is called, in which language, and on which clock."""

from __future__ import annotations

from flask import current_app, render_template
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from service.accounts.actions import profile as actions
from service.accounts.forms.settings import BY_ZIP, AboutYouForm, LanguageForm, TimeZoneForm
from service.accounts.queries.settings import OwnSettings
from service.accounts.views import bp
from service.accounts.views.settings import kept, languages, mine
from service.catalog.queries.places import zone_of_zip
from service.kit import access, web
from service.kit.errors import Rejected


@bp.get("/settings/about-you")
@access.patient
def about_you() -> ResponseReturnValue:
    """Preferred name and pronouns; the name on the record, and who corrects it."""
    found = mine()
    return _about_you(AboutYouForm(obj=found.patient), found, 200)


@bp.post("/settings/about-you")
@access.patient
def about_you_submit() -> ResponseReturnValue:
    """Keep them."""
    form = AboutYouForm()
    if not form.validate_on_submit():
        return _about_you(form, mine(), 422)
    try:
        changed = actions.change_about_you(
            user_id=current_user.user_id,
            preferred_name=form.preferred_name.data or "",
            pronouns=form.pronouns.data or "",
            actor=web.actor(),
        )
    except Rejected as error:
        form.preferred_name.errors = [_(error.message)]
        return _about_you(form, mine(), 422)
    return kept(changed, _("We will call you that from now on."))


def _about_you(form: AboutYouForm, found: OwnSettings, status: int) -> ResponseReturnValue:
    return render_template("accounts/settings/about_you.html", form=form, patient=found.patient), status


def _language_form() -> LanguageForm:
    found = mine()
    spoken = found.patient.care_language if found.patient else None
    form = LanguageForm(data={"locale": found.locale, "care_language": spoken})
    form.offer(languages(), spoken=found.patient is not None)
    return form


@bp.get("/settings/language")
@access.signed_in
def language() -> ResponseReturnValue:
    """The language of the pages, where there are several, and the one spoken with a patient."""
    return render_template("accounts/settings/language.html", form=_language_form())


@bp.post("/settings/language")
@access.signed_in
def language_submit() -> ResponseReturnValue:
    """Keep it."""
    form = _language_form()
    if not form.validate_on_submit():
        return render_template("accounts/settings/language.html", form=form), 422
    changed = actions.change_language(
        user_id=current_user.user_id,
        locale=form.locale.data if "locale" in form else current_user.locale,
        care_language=form.care_language.data if "care_language" in form else None,
        languages=languages(),
        actor=web.actor(),
    )
    return kept(changed, _("Your language is changed."))


@bp.get("/settings/time-zone")
@access.signed_in
def time_zone() -> ResponseReturnValue:
    """Which clock: the ZIP's, unless another is chosen."""
    form, _by_zip = _zone_form()
    return render_template("accounts/settings/time_zone.html", form=form)


@bp.post("/settings/time-zone")
@access.signed_in
def time_zone_submit() -> ResponseReturnValue:
    """Keep it."""
    form, by_zip = _zone_form()
    if not form.validate_on_submit():
        return render_template("accounts/settings/time_zone.html", form=form), 422
    chosen = by_zip if form.time_zone.data == BY_ZIP and by_zip else form.time_zone.data
    changed = actions.change_time_zone(user_id=current_user.user_id, time_zone=chosen, actor=web.actor())
    return kept(changed, _("Your time zone is changed. All times are shown on that clock."))


def _zone_form() -> tuple[TimeZoneForm, str | None]:
    found = mine()
    by_zip = (
        zone_of_zip(current_app.config["CATALOG"], found.patient.zip_code, found.patient.county_fips)
        if found.patient
        else None
    )
    form = TimeZoneForm()
    form.offer(by_zip, found.time_zone)
    return form, by_zip
