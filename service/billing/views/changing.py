"""What every page of a change does: look, act, and say what came of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from flask import current_app, flash, redirect, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_locale
from flask_babel import gettext as _
from flask_login import current_user

from config.brand import brand
from service.billing import queries
from service.billing.actions import GateSaysNo
from service.billing.forms.changes import Reader
from service.billing.gateway import Bug, Declined, NeedsAction
from service.billing.rules.changes import WHY, Running
from service.billing.views.common import catalog
from service.kit import clock, db
from service.kit.errors import Conflict, Rejected, TryAgain


@dataclass(frozen=True, slots=True)
class Seen:
    """A patient's membership and what they may change about it now."""

    card: queries.MembershipCard
    changes: queries.Changes
    it: Running
    past: queries.History
    now: datetime


def look() -> Seen | None:
    """The patient's running membership, or None."""
    now = clock.now()
    with db.reading() as session:
        card = queries.membership_of(session, current_user.patient_id)
        if card is None or card.status == "ended":
            return None
        past = queries.history(session, card.id, now)
        it = queries.running(card, past, current_user.time_zone)
        if it is None:
            return None
        changes = queries.changes_of(session, card, catalog(), current_user.time_zone, now)
    return Seen(card, changes, it, past, now)


def reader(card: queries.MembershipCard) -> Reader:
    """For whom the words of a page are."""
    return Reader(current_user.time_zone, str(get_locale()), card.card)


def to_billing(why: str | None = None) -> ResponseReturnValue:
    """Back to the page about plan and money, with why something cannot be done."""
    if why is not None:
        flash(_(WHY[why]), "info")
    return redirect(url_for("billing.billing"), code=303)


def attempt(act: Callable[[], None], done: str) -> ResponseReturnValue:
    """Do it, say what came of it, and lead back. A no always says that nothing was charged, and what to do."""
    phone = brand(current_app.config["HOMEWARD"].config_dir).support_phone
    try:
        act()
    except Declined:
        words = _("Your bank said no. Nothing was charged, nothing has changed. Use another card, then try again.")
        flash(words, "bad")
    except NeedsAction:
        words = _(
            "Your bank wants you to confirm this payment. Nothing was charged, nothing has changed. "
            "Enter your card again under Card, where you can confirm it; then try again."
        )
        flash(words, "bad")
    except TryAgain:
        words = _("Our payment provider has not answered yet. Nothing is charged twice. Look again in a few minutes.")
        flash(words, "info")
    except Bug:
        flash(_("This did not work, and nothing has changed. Call us: %(phone)s.", phone=phone), "bad")
    except GateSaysNo:
        words = _("We have to check something before we charge you. Nothing was charged. Call %(phone)s.", phone=phone)
        flash(words, "info")
    except (Conflict, Rejected) as error:
        flash(_(error.message), "info")
    else:
        flash(done, "good")
    return to_billing()
