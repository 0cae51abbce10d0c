"""Help, before anything else. It renders with the database away, too."""

from __future__ import annotations

import structlog
from flask import g, render_template
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import AnonymousUserMixin

from service.catalog.rules.questionnaires import Question, Questionnaire, Rule
from service.enrollment.queries.assessments import AssessmentDetails, questionnaire
from service.enrollment.rules.emergencies import emergency_rules, emergency_rules_of
from service.enrollment.views import visitor
from service.kit import db
from service.safety import queries as safety

log = structlog.get_logger(__name__)


def help_now(here: AssessmentDetails) -> ResponseReturnValue:
    """The safety page of an assessment whose alert and hold are written."""
    rules = emergency_rules(questionnaire(visitor.catalog()), here.rule_ids)
    with db.reading() as session:
        known = safety.assessment_known(session, here.id)
    return _page(rules, known=known, saved=True)


def help_without_records(
    form: Questionnaire, asked: Question, urgent: list[str], error: Exception
) -> ResponseReturnValue:
    """The same page when the answer could not be kept: help first, and the truth about what was not saved."""
    log.error("an emergency answer could not be saved; help was shown", error=type(error).__name__)
    # The layout asks who is signed in, and that would ask the database that may be away.
    g._login_user = AnonymousUserMixin()
    rules = emergency_rules_of(form, asked, urgent)
    return _page(rules, known=False, saved=False)


def _page(rules: list[Rule], *, known: bool, saved: bool) -> str:
    return render_template(
        "enrollment/assessment/emergency.html",
        reasons=list(dict.fromkeys(_(rule.reason) for rule in rules)),
        rule_ids=[rule.id for rule in rules],
        known=known,
        saved=saved,
    )
