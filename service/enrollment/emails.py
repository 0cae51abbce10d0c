"""The mails on the way in. None names a condition, a treatment or a reason: at most a state, a day and a path."""

from __future__ import annotations

from service.mail.rules import Email


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
    return Email("waitlist_joined", {"path": f"/waitlist/leave/{token}", "state": state_name})
