"""The summary of the answers, and what they come to."""

from __future__ import annotations

from flask import redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_locale
from flask_babel import gettext as _

from service.catalog.queries import open_states
from service.catalog.rules.places import AskCounty, Found, Military, NotServed
from service.catalog.rules.questionnaires import VERY_HIGH
from service.enrollment.actions import answer as actions
from service.enrollment.forms.waitlist import PlaceForm, WaitlistForm, key_of
from service.enrollment.queries.assessments import AssessmentDetails, questionnaire
from service.enrollment.rules.eligibility import values_of
from service.enrollment.rules.regions import place_name, waiting_regions
from service.enrollment.views import bp, visitor
from service.enrollment.views.assessment.questions import start_again
from service.enrollment.views.safety_page import help_now
from service.enrollment.views.words import summary
from service.kit import access, clock, db, format, web
from service.kit.errors import NotFound, Rejected
from service.safety import queries as safety


@bp.get("/assessment/check")
@access.public
def check() -> ResponseReturnValue:
    """Every answer once more, each with a link that changes it."""
    here = visitor.assessment()
    if here is None:
        return redirect(url_for("enrollment.assessment"), code=303)
    if here.outcome is not None or here.next is not None:
        return redirect(visitor.next_url(here), code=303)
    return render_template("enrollment/assessment/check.html", lines=summary(visitor.catalog(), here))


@bp.post("/assessment/check")
@access.public
def submit() -> ResponseReturnValue:
    """Send the answers. Twice is once."""
    secret = visitor.token()
    if secret is None:
        return redirect(url_for("enrollment.assessment"), code=303)
    try:
        actions.submit(token=secret, catalog=visitor.catalog(), actor=web.actor(), now=clock.now())
    except NotFound:
        visitor.forget()
        return redirect(url_for("enrollment.assessment"), code=303)
    except Rejected as error:
        if error.code == "questions_changed":
            return start_again()
        return redirect(visitor.next_url(visitor.standing()), code=303)
    return redirect(url_for("enrollment.result"), code=303)


@bp.get("/assessment/result")
@access.public
def result() -> ResponseReturnValue:
    """What the answers come to: "you may qualify", never "approved"; a kind no; or help."""
    here = visitor.assessment()
    if here is None:
        return redirect(url_for("enrollment.assessment"), code=303)
    if here.outcome is None:
        return redirect(visitor.next_url(here), code=303)
    catalog = visitor.catalog()
    rules = questionnaire(catalog).rules
    if here.outcome == "emergency" or here.holds - {rule.alert_known for rule in rules.values()}:
        return help_now(here)
    hits = [rules[name] for name in here.rule_ids if name in rules]
    states = {code: state.name for code, state in open_states(catalog, clock.now()).items()}
    regions = waiting_regions(states)
    home = here.place.state if isinstance(here.place, NotServed | Found | AskCounty) else None
    closed = "G-POLICY" in here.rule_ids  # what may open one day: they may wait for it
    return render_template(
        f"enrollment/assessment/{_template(here)}.html",
        here=here,
        reasons=list(dict.fromkeys(_(rule.reason) for rule in hits if rule.result == here.outcome)),
        worried=not {"H1", "H2"}.isdisjoint(here.rule_ids),
        same_day=any(rule.alert_known for rule in hits),
        told=_told(here),
        very_high=any(VERY_HIGH in values_of(one, here.answers) for one in here.asked if one.kind == "readings"),
        waitlist=WaitlistForm(regions, data={"state": home}),
        home=regions.get(home or ""),
        closed=PlaceForm(data={"state": key_of(home, here.program)}) if closed and home and here.program else None,
        closed_in=place_name(home or ""),
        open_states=format.listed(states.values(), str(get_locale() or "en")),
    )


def _told(here: AssessmentDetails) -> bool:
    """Has the care team been called about somebody it knows?"""
    with db.reading() as session:
        return safety.assessment_known(session, here.id)


def _template(here: AssessmentDetails) -> str:
    if "G-AGE" in here.rule_ids:
        return "too_young"
    if "G-RES" in here.rule_ids:
        return "military" if isinstance(here.place, Military) else "not_here"
    return "opened" if here.may_join and here.outcome == "not_eligible" else str(here.outcome)
