"""Codes of the watch in words for staff."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from flask_babel import get_locale
from flask_babel import gettext as _

from service.billing.rules.drift import MONEY
from service.billing.staff_views.words import charge_tags, status_tags
from service.kit.format import moment, money


def shelf_words() -> dict[str, str]:
    """The shelves of the inbox."""
    return {"waiting": _("Waiting"), "failed": _("Failed, tried again"), "parked": _("Parked"), "done": _("Done")}


def about_words() -> dict[str, str]:
    """What messages are about."""
    return {
        "subscription": _("A membership"),
        "charge": _("A charge"),
        "page": _("A pay page"),
        "money_back": _("Money given back or disputed"),
    }


def drift_value(zone: str) -> Callable[..., str]:
    """A value of a difference, by its field, as people read it: (field, text, is it the other side's word?)."""
    names = {
        **{code: said for code, (said, _tone) in status_tags().items()},
        "paused": _("Paused"),
        "unpaid": _("Unpaid"),
    }
    charges = {code: said for code, (said, _tone) in charge_tags().items()}

    def say(field: str, text: str | None, theirs: bool = False) -> str:
        if text is None:
            return str(_("Nothing"))
        if field == "ledger":  # both sides of it are ours
            amount = money(int(text))
            whose = (
                _("Our charges: %(amount)s", amount=amount) if theirs else _("Our ledger: %(amount)s", amount=amount)
            )
            return str(whose)
        if field in (*MONEY, "price") and text.lstrip("-").isdigit():
            return money(int(text))
        if field in ("period", "skipped"):
            return moment(datetime.fromisoformat(text), zone, "long", str(get_locale() or "en"))
        if field == "ending":
            return str(_("Yes") if text == "yes" else _("No"))
        if field == "charge":
            return str(charges.get(text, text))
        return str(names.get(text, text))

    return say
