"""Changes that join the caller's transaction: shutting an account, and removing what is no longer kept."""

from __future__ import annotations

from service.privacy.writes.closing import (
    close_checkins,
    drop_copies,
    drop_mails,
    end_care_after_care,
    leave_waitlist,
    remove_contacts,
    remove_openers,
    shut,
)
from service.privacy.writes.records import remove_record
from service.privacy.writes.removal import count_due, remove_due

__all__ = [
    "close_checkins",
    "count_due",
    "drop_copies",
    "drop_mails",
    "end_care_after_care",
    "leave_waitlist",
    "remove_contacts",
    "remove_due",
    "remove_openers",
    "remove_record",
    "shut",
]
