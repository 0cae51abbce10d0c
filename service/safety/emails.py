"""The mails that call a person to the alert list. They say that something waits, never what or about whom."""

from __future__ import annotations

from service.mail.rules import Email

ALERTS = "/staff/alerts"
LOOKS = "/staff/break-glass"


def alert_raised() -> Email:
    """To the first person: look now."""
    return Email("alert_raised", {"path": ALERTS})


def alert_escalated() -> Email:
    """To the next person: nobody has looked yet."""
    return Email("alert_escalated", {"path": ALERTS})


def look_to_review() -> Email:
    """To an owner: a colleague opened a record from outside its care team. Neither whose nor why."""
    return Email("look_to_review", {"path": LOOKS})


def alerts_waiting() -> Email:
    """To everybody, once a day: all were called, and alerts still wait."""
    return Email("alerts_waiting", {"path": ALERTS})
