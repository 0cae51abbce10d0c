"""Which assessment this visitor's browser holds. The cookie carries its secret; the answers stay with us."""

from __future__ import annotations

from flask import current_app, session, url_for

from service.catalog.rules.whole import Catalog
from service.enrollment.actions.answer import GONE
from service.enrollment.queries import assessments
from service.enrollment.queries.assessments import AssessmentDetails
from service.kit import clock, db

KEY = "assessment"


def catalog() -> Catalog:
    """The clinic's facts."""
    found: Catalog = current_app.config["CATALOG"]
    return found


def token() -> str | None:
    """The secret of the assessment in this browser, if there is one."""
    held = session.get(KEY)
    return held if isinstance(held, str) else None


def hold(secret: str) -> None:
    """Go on with this assessment in this browser."""
    session[KEY] = secret


def forget() -> None:
    """Go on with none."""
    session.pop(KEY, None)


def assessment() -> AssessmentDetails | None:
    """The assessment in this browser, as it stands now."""
    secret = token()
    if secret is None:
        return None
    with db.reading() as reading:
        return assessments.by_token(reading, catalog(), secret, clock.now())


def joined() -> AssessmentDetails | None:
    """The assessment in this browser, when somebody has joined with it: its pages are shut."""
    secret = token()
    if secret is None:
        return None
    with db.reading() as reading:
        return assessments.joined_with(reading, catalog(), secret, clock.now())


def next_url(here: AssessmentDetails) -> str:
    """The page that comes next: a question, the summary, or the result."""
    if here.outcome is not None:
        return url_for("enrollment.result")
    if here.next is not None:
        return url_for("enrollment.question", question_id=here.next.id)
    return url_for("enrollment.check")


def standing() -> AssessmentDetails:
    """The assessment in this browser, joined with or not. Raises NotFound when there is none."""
    here = assessment() or joined()
    if here is None:
        raise GONE
    return here
