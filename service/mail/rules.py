"""What a message is, when to try again, and when to give up. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

MAX_ATTEMPTS = 8
LEASE = timedelta(minutes=5)  # longer than the slowest send: two workers must not send one mail
BUDGET = timedelta(seconds=60)  # of one run; the worker's own limit is three times that
UNREACHABLE_PAUSE = timedelta(seconds=30)
UNSUBSCRIBE = "unsubscribe_path"  # the fact that makes a mail one that a single click unsubscribes from (RFC 8058)
FIRST = ("alert_raised", "alert_escalated", "alerts_waiting")  # never behind a morning's reminders


@dataclass(frozen=True, slots=True)
class Email:
    """A template's name and the facts it needs: first names, dates, paths. Never a condition, a score or an answer.

    `facts` must be JSON. A path in it begins with "/" and is made absolute when the mail is rendered.
    """

    template: str
    facts: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Rendered:
    """A mail ready to leave."""

    subject: str
    text: str
    html: str


def retry_after(attempts: int) -> timedelta | None:
    """How long to wait after the `attempts`-th failure (1 is the first); None means give up.

    30 s, 1 min, 2 min, ... 32 min: about an hour in all, so a restarted mail server is met again soon.
    """
    if attempts >= MAX_ATTEMPTS:
        return None
    return timedelta(seconds=30 * 2 ** (attempts - 1))
