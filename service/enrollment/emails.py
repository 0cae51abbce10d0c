"""The mails of the waitlist. They name a state, never what is being waited for."""

from __future__ import annotations

from service.mail.rules import Email


def waitlist_confirm(token: str, state_name: str) -> Email:
    """The link that proves the address. Opening it changes nothing; the button behind it does."""
    return Email("waitlist_confirm", {"path": f"/waitlist/confirm/{token}", "state": state_name, "hours": 72})


def waitlist_joined(token: str, state_name: str) -> Email:
    """The address is on the list, and how to leave it."""
    return Email("waitlist_joined", {"path": f"/waitlist/leave/{token}", "state": state_name})
