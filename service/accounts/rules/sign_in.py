"""Addresses and how long a sign-in lasts. Pure."""

from __future__ import annotations

import unicodedata
from datetime import datetime, timedelta

from email_validator import EmailNotValidError, validate_email

from service.kit.errors import Rejected, words

CONFIRM_LINK_LIFE = timedelta(hours=72)  # shared/domain.md 8
CONFIRM_MAIL_EVERY = timedelta(seconds=60)
CONFIRM_MAILS_A_DAY = 5
CLAIMS_HEARD = 10  # each costs one slow comparison
IDLE = {"patient": timedelta(minutes=30), "staff": timedelta(minutes=15)}  # shared/domain.md 9.2, automatic logoff
ABSOLUTE = timedelta(hours=12)
TOUCH_EVERY = timedelta(seconds=60)
FREE_FAILURES = 5
LONGEST_WAIT = timedelta(minutes=15)  # for one client at one address: whoever guesses
LONGEST_WAIT_OVERALL = timedelta(seconds=60)  # for an address, from anywhere: its owner waits this long at most
FAILURES_HALVE_EVERY = timedelta(minutes=15)
CODE_FAILURES_HALVE_EVERY = timedelta(hours=1)  # six digits: whoever times their tries has some 130 a day, not 450
TOTP_PERIOD = 30  # seconds, ASVS 5.0 6.5.5


def normal_email(text: str) -> str:
    """The address as it is compared and stored: NFKC, lower case, syntax checked, no look-up.

    Raises Rejected. Lower-casing the part before the @ is not in the standard; it is what people expect.
    """
    try:
        found = validate_email(unicodedata.normalize("NFKC", text.strip()), check_deliverability=False)
    except EmailNotValidError:
        raise Rejected(
            "email_syntax", words("Enter an email address in the correct format, like name@example.com")
        ) from None
    return found.normalized.lower()


def wait_after(failures: int, longest: timedelta = LONGEST_WAIT) -> timedelta:
    """Back-off after the `failures`-th wrong try in a row: none for the first four, then 2 s, 4 s, ... `longest`.

    Waiting, never locking out: a stranger must not be able to shut somebody's door.
    """
    if failures < FREE_FAILURES:
        return timedelta(0)
    return min(longest, timedelta(seconds=2 ** min(failures - FREE_FAILURES + 1, 20)))


def still_counted(failures: int, since: timedelta, halve_every: timedelta = FAILURES_HALVE_EVERY) -> int:
    """What is left of `failures` when nobody tried for `since`: half after each 15 minutes, in the end nothing."""
    return failures >> min(max(since // halve_every, 0), 62)


def still_signed_in(kind: str, created_at: datetime, seen_at: datetime, wall_now: datetime) -> bool:
    """Neither idle for too long (30 min; staff 15) nor older than 12 hours."""
    return wall_now - seen_at < IDLE[kind] and wall_now - created_at < ABSOLUTE
