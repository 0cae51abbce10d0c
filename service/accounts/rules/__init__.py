"""Addresses, passwords, how long a sign-in lasts, and who may look. Pure."""

from __future__ import annotations

from service.accounts.rules.passwords import PASSWORD_MAX, PASSWORD_MIN, password_problem
from service.accounts.rules.sign_in import (
    ABSOLUTE,
    CLAIMS_HEARD,
    CODE_FAILURES_HALVE_EVERY,
    CONFIRM_LINK_LIFE,
    CONFIRM_MAIL_EVERY,
    CONFIRM_MAILS_A_DAY,
    FAILURES_HALVE_EVERY,
    FREE_FAILURES,
    IDLE,
    LONGEST_WAIT,
    LONGEST_WAIT_OVERALL,
    TOTP_PERIOD,
    TOUCH_EVERY,
    normal_email,
    still_counted,
    still_signed_in,
    wait_after,
)

__all__ = [
    "ABSOLUTE",
    "CLAIMS_HEARD",
    "CODE_FAILURES_HALVE_EVERY",
    "CONFIRM_LINK_LIFE",
    "CONFIRM_MAILS_A_DAY",
    "CONFIRM_MAIL_EVERY",
    "FAILURES_HALVE_EVERY",
    "FREE_FAILURES",
    "IDLE",
    "LONGEST_WAIT",
    "LONGEST_WAIT_OVERALL",
    "PASSWORD_MAX",
    "PASSWORD_MIN",
    "TOTP_PERIOD",
    "TOUCH_EVERY",
    "normal_email",
    "password_problem",
    "still_counted",
    "still_signed_in",
    "wait_after",
]
