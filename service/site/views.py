"""The public face. Nobody is asked who they are, and nothing is counted, noted or remembered."""

from __future__ import annotations

from flask import Blueprint, current_app, render_template
from flask.typing import ResponseReturnValue
from flask_babel import get_locale
from flask_babel import lazy_gettext as _

from service.kit import access, clock, format, health
from service.kit.clock import wall_now
from service.site.queries import Offer, offer

bp = Blueprint("site", __name__)

CONDITIONS = {
    "ocd": _("OCD"),
    "depression": _("Depression"),
    "anxiety": _("Anxiety"),
    "ptsd": _("PTSD"),
    "chronic_pain": _("Chronic pain"),
}


def _offer() -> Offer:
    return offer(current_app.config["CATALOG"], clock.now())


@bp.get("/")
@access.public
def home() -> str:
    """What this is, for whom, how it goes and what it costs."""
    told = _offer()
    names = [name for condition, name in CONDITIONS.items() if condition in told.conditions]
    return render_template(
        "site/home.html",
        offer=told,
        conditions=names,
        where=format.listed(told.open_names, str(get_locale() or "en")),
    )


@bp.get("/how-it-works")
@access.public
def how_it_works() -> str:
    """Each step, from the first question to the months at home."""
    return render_template("site/how_it_works.html", offer=_offer())


@bp.get("/plans")
@access.public
def plans() -> str:
    """What a month costs, what is in it, and how to stop."""
    return render_template("site/plans.html", offer=_offer())


@bp.get("/states")
@access.public
def states() -> str:
    """Where we may work, county by county."""
    return render_template("site/states.html", offer=_offer())


@bp.get("/safety")
@access.public
def safety() -> str:
    """Help in a crisis, and how the program keeps people safe."""
    return render_template("site/safety.html")


@bp.get("/privacy")
@access.public
def privacy() -> str:
    """How we treat what people tell us, in plain words."""
    return render_template("site/privacy.html", keep=current_app.config["CATALOG"].retention)


@bp.get("/disclaimer")
@access.public
def disclaimer() -> str:
    """What this treatment is not, and what is not known about it."""
    return render_template("site/disclaimer.html")


@bp.get("/health/live")
@access.machine
def live() -> ResponseReturnValue:
    """This process answers."""
    return {"live": True}


@bp.get("/health/ready")
@access.machine
def ready() -> ResponseReturnValue:
    """Everything patients depend on is alive, or 503 and which part is not."""
    found = health.readiness(current_app.config["HOMEWARD"], wall_now())
    return {"ready": found.ok, "parts": found.parts}, 200 if found.ok else 503
