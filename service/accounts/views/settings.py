"""The settings: everything on one page, each line with its own."""

from __future__ import annotations

from flask import current_app, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from service.accounts.forms.settings import language_name
from service.accounts.queries.settings import OwnSettings, own_settings, pending_email
from service.accounts.rules.contact import US_ZONES, spoken_phone
from service.accounts.views import bp
from service.kit import access, clock, db
from service.kit.format import unbroken


def mine() -> OwnSettings:
    """The settings of whoever is signed in."""
    with db.reading() as session:
        return own_settings(session, current_user.user_id)


def pending() -> str | None:
    """The e-mail address that they have asked for and not proved yet."""
    with db.reading() as session:
        return pending_email(session, current_user.user_id, clock.wall_now())


def languages() -> tuple[str, ...]:
    """The languages that the pages speak."""
    return tuple(current_app.config["LANGUAGES"])


def kept(changed: bool, words: str) -> ResponseReturnValue:
    """Back to the settings, with a word of what happened."""
    flash(words if changed else _("Nothing was changed."))
    return redirect(url_for("accounts.settings"), code=303)


@bp.get("/settings")
@access.signed_in
def settings() -> ResponseReturnValue:
    """What we know of the person, and where to change it."""
    found = mine()
    zone = found.time_zone or "America/New_York"
    return render_template(
        "accounts/settings/settings.html",
        found=found,
        pending=pending(),
        zone_name=_(US_ZONES[zone]) if zone in US_ZONES else zone.replace("_", " "),
        language_name=language_name,
        several_languages=len(languages()) > 1,
        spoken_phone=lambda number: unbroken(spoken_phone(number)),
    )
