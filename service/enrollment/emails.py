"""The mails of the way in. None says into what."""

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
