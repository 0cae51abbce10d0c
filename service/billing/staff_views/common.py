"""What every page of this room needs."""

from __future__ import annotations

from uuid import UUID

from flask import current_app, flash, redirect, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from service.billing.actions.desk.refunds import Came
from service.billing.gateway import Gateway
from service.billing.rules.inbox import MAY_WATCH
from service.catalog.rules.whole import Catalog
from service.kit import access
from service.kit.errors import words

door = access.staff("owner", "coordinator", "billing")
giving_door = access.staff("owner", "billing")
watching_door = access.staff(*MAY_WATCH)
CAME: dict[Came, tuple[str, str]] = {
    "waits": (words("It waits for a second person, who has been told. Nothing has moved yet."), "info"),
    "sent": (words("Done. The patient is told by e-mail."), "good"),
    "on_its_way": (words("Stripe has taken it. The bank has not said yes yet; it is looked at by itself."), "info"),
    "refused": (words("It was not given. Nothing has moved."), "bad"),
    "unknown": (
        words("Stripe has not answered. It is asked again by itself and gives once: do not ask a second time."),
        "bad",
    ),
}


def catalog() -> Catalog:
    """The clinic's catalog."""
    found: Catalog = current_app.config["CATALOG"]
    return found


def gateway() -> Gateway:
    """The way to Stripe."""
    found: Gateway = current_app.config["GATEWAY"]
    return found


def back_to(membership_id: UUID) -> ResponseReturnValue:
    """To the page of one membership."""
    return redirect(url_for("billing_staff.membership", membership_id=membership_id), code=303)


def say(came: Came) -> None:
    """Tell what came of giving."""
    text, tone = CAME[came]
    flash(_(text), tone)


def say_answered(answered: bool, done: str) -> None:
    """Tell what came of acting for a patient."""
    if answered:
        flash(done, "good")
    else:
        flash(_("Stripe has not said yes. Look at this page in a few minutes: it says what became of it."), "bad")
