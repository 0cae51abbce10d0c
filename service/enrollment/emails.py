"""The mails on the way in. None names a condition, a treatment or a reason: at most a state, a day and a path."""

from __future__ import annotations

from datetime import datetime

from service.kit.format import moment
from service.mail.rules import UNSUBSCRIBE, Email


def enrollment_decided() -> Email:
    """The visit is recorded, and staff prepare what comes next. It does not say what was decided."""
    return Email("enrollment_decided", {"path": "/home"})


def enrollment_approved() -> Email:
    """The way is open: the next steps wait on the site."""
    return Email("enrollment_approved", {"path": "/consents"})


def enrollment_declined() -> Email:
    """There is an answer to read. It is never told by mail."""
    return Email("enrollment_declined", {"path": "/home"})


def enrollment_more_info() -> Email:
    """The clinician would like to talk once more."""
    return Email("enrollment_more_info", {"path": "/visits/book"})


def waitlist_confirm(token: str, state_name: str) -> Email:
    """The link that proves the address. Opening it changes nothing; the button behind it does."""
    return Email("waitlist_confirm", {"path": f"/waitlist/confirm/{token}", "state": state_name, "hours": 72})


def waitlist_joined(token: str, state_name: str) -> Email:
    """The address is on the list, and how to leave it."""
    return Email("waitlist_joined", {"state": state_name, **_leaving(token)})


def waitlist_opened(token: str, state_name: str) -> Email:
    """What they waited for is open. It names a state alone, whatever in it they waited for."""
    return Email("waitlist_opened", {"state": state_name, "start_path": "/assessment", **_leaving(token)})


def _leaving(token: str) -> dict[str, str]:
    """The link with a button for people, and the one that a mail program may press for them (RFC 8058)."""
    return {"path": f"/waitlist/leave/{token}", UNSUBSCRIBE: f"/waitlist/unsubscribe/{token}"}


def consent_withdrawn() -> Email:
    """What was taken back is noted. Which text it was is never told by mail."""
    return Email("consent_withdrawn", {"path": "/consents/signed"})


def consent_soon(day: str) -> Email:
    """A document has a new version from `day` on, as people write it. Which one stands on the site."""
    return Email("consent_soon", {"path": "/consents", "day": day})


def consent_now() -> Email:
    """The new version holds from today, and it is not signed."""
    return Email("consent_now", {"path": "/consents"})


def assessment_link(token: str) -> Email:
    """The link somebody asked for, to go on with what they began. It says neither what nor why."""
    return Email("assessment_link", {"path": f"/assessment/resume/{token}", "hours": 72})


def assessment_nudge(token: str) -> Email:
    """The one reminder somebody asked for, with a fresh link."""
    return Email("assessment_nudge", {"path": f"/assessment/resume/{token}", "hours": 72})


def review_answered(token: str, days: int) -> Email:
    """Somebody has looked at what was asked. The answer stands behind the link, never in the mail."""
    return Email("review_answered", {"path": f"/assessment/resume/{token}", "days": days})


def visit_not_there(starts_at: datetime, time_zone: str, locale: str, *, may_book: bool) -> Email:
    """A visit is cancelled because nobody may hold it where the patient lives now: another one, or what happens."""
    facts = {"when": moment(starts_at, time_zone, "full", locale), "path": "/visits/book" if may_book else "/moved"}
    return Email("visit_not_there", {**facts, "may_book": may_book})
