"""How long a mailed link lives, and how often one is mailed. Pure."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

RESET_LINK_LIFE = timedelta(minutes=30)
# Less than half the life of a link: however often a stranger asks for more, one in the mailbox always works.
RESET_MAIL_EVERY = timedelta(minutes=10)
# Long enough for a slow mail to the new mailbox; short, because a mistyped address may be somebody else's mailbox.
NEW_EMAIL_LINK_LIFE = timedelta(hours=1)
# The old address may be read only tomorrow. The link there can stop a change, never make one.
STOP_LINK_LIFE = timedelta(hours=24)
NEW_EMAIL_MAILS_A_DAY = 5

RESET, NEW_EMAIL, STOP_NEW_EMAIL, SET_UP = "reset_password", "change_email", "stop_change_email", "set_up_factor"


def while_open(user_id: UUID) -> str:
    """For a mail that goes to an address on behalf of an account: it leaves only while that account is open."""
    return f"account_open:{user_id}"
