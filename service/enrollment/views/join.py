"""From the result to an account."""

from __future__ import annotations

from flask import redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_locale
from flask_babel import gettext as _
from flask_login import current_user
from markupsafe import Markup

from service.catalog.rules.places import Found
from service.consent.rules.blocks import html
from service.enrollment.actions import join as actions
from service.enrollment.forms.join import JoinForm
from service.enrollment.queries.assessments import questionnaire
from service.enrollment.queries.consents import texts_of_joining
from service.enrollment.views import bp, visitor
from service.kit import access, clock, limits, web
from service.kit.errors import Rejected


def _elsewhere() -> ResponseReturnValue | None:
    """Where somebody goes who has an account already, or no assessment that leads here."""
    if current_user.is_authenticated:
        return redirect(url_for("dashboard.home" if current_user.kind == "patient" else "dashboard.staff_home"), 303)
    here = visitor.assessment()
    if here is None:
        sent = visitor.joined() is not None  # the same for known and unknown addresses, and for a second press
        return redirect(url_for("accounts.check_your_email" if sent else "enrollment.assessment"), code=303)
    return None if here.may_join else redirect(visitor.next_url(here), code=303)


@bp.get("/join")
@access.public
def join() -> ResponseReturnValue:
    """The form."""
    away = _elsewhere()
    if away is not None:
        return away
    return _page(JoinForm())


@bp.post("/join")
@access.public
@limits.per_address("20 per minute")
def make_account() -> ResponseReturnValue:
    """Make the account. Known and unknown addresses lead to the same page; so does a second press."""
    away, secret = _elsewhere(), visitor.token()
    if away is not None or secret is None:
        return away or redirect(url_for("enrollment.assessment"), code=303)
    form = JoinForm()
    if form.validate_on_submit():
        try:
            actions.join(
                token=secret,
                given_name=form.given_name.data,
                family_name=form.family_name.data,
                email=form.email.data,
                password=form.password.data,
                phone=form.phone.data or "",
                locale=str(get_locale() or "en"),
                catalog=visitor.catalog(),
                actor=web.actor(),
                now=clock.now(),
            )
        except Rejected as error:
            field = {"email_syntax": form.email, "phone_unreadable": form.phone}.get(error.code)
            if field is None:
                raise
            field.errors = [_(error.message)]
        else:
            return redirect(url_for("accounts.check_your_email"), code=303)
    return _page(form), 422


def _page(form: JoinForm) -> str:
    """The form, with the text of what is agreed to beside its box."""
    here = visitor.assessment()
    state = here.place.state if here and isinstance(here.place, Found) else ""
    texts = texts_of_joining(visitor.catalog(), state, clock.now())
    if texts:
        form.notices.label.text = texts[0].statement
    # Our own text; HTML in it is shown, not run.
    bodies = [(text.document.title, text.in_short, Markup(html(text.body))) for text in texts]  # noqa: S704
    rules = questionnaire(visitor.catalog()).rules
    same_day = any(rules[name].alert_known for name in (here.rule_ids if here else ()) if name in rules)
    return render_template("enrollment/join/join.html", form=form, bodies=bodies, same_day=same_day)
