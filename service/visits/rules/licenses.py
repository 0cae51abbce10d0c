"""Licences and registrations: what may be written down as one, and when somebody must be reminded of it. Pure."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from typing import Final

from service.catalog.rules.dated import REGISTRATION_KINDS
from service.kit.errors import Rejected, words
from service.visits.rules.encounters import PRACTICE_KINDS

REGISTRATIONS: Final = REGISTRATION_KINDS
KINDS: Final = (*PRACTICE_KINDS, *REGISTRATIONS)
PHYSICIANS: Final = ("MD", "DO")  # a physician in the sense of N.J.S.A. 45:1-62
DEGREES: Final = (*PHYSICIANS, "APRN", "DNP", "NP", "PA-C")
KIND_WORDS: Final = {
    "physician": words("Physician license"),
    "advanced_practice_nurse": words("Advanced practice nurse license"),
    "physician_assistant": words("Physician assistant license"),
    "out_of_state_telehealth": words("Out-of-state telehealth registration"),
    "dea": words("DEA registration"),
    "cds": words("Controlled substances registration (CDS)"),
}
STEPS: Final = (60, 30, 7, 0)  # days before the expiry; the last is the day itself (shared/domain.md 3.6)
VERIFY_EVERY: Final = timedelta(days=30)  # shared/domain.md 3.6: monthly
FURTHEST: Final = timedelta(days=10 * 366)  # no licence of ours is given for longer
NPI_PREFIX: Final = "80840"  # what NPPES puts before an NPI for its check digit: health, United States

NO_SUCH_KIND = Rejected("no_such_kind", words("Choose which license or registration it is."))
NO_NUMBER = Rejected(
    "license_number", words("Enter the number as it stands on the license: letters, digits and dashes.")
)
NO_DEA = Rejected("dea_number", words("This is not a DEA number: two letters, then seven digits, as BL1234563."))
NO_NPI = Rejected("npi", words("This is not an NPI: ten digits, the last a check digit."))
OVER = Rejected("license_over", words("Enter a day that is still ahead: the day on which the license expires."))
TOO_FAR = Rejected("license_too_far", words("No license lasts that long. Check the year."))
NO_SOURCE = Rejected("license_source", words("Enter where it was looked up, as the name of the board's search page."))


def checked_number(kind: str, number: str) -> str:
    """The number in capitals, without spaces. Raises Rejected for a kind or a number that cannot be."""
    if kind not in KINDS:
        raise NO_SUCH_KIND
    plain = re.sub(r"\s+", "", number).upper()
    if not re.fullmatch(r"[A-Z0-9][A-Z0-9./-]{2,29}", plain):
        raise NO_NUMBER
    if kind == "dea" and not _dea_stands(plain):
        raise NO_DEA
    return plain


def _dea_stands(number: str) -> bool:
    """The check digit of 21 CFR 1301's numbers: the 1st, 3rd and 5th digit and twice the 2nd, 4th and 6th."""
    if not re.fullmatch(r"[A-Z][A-Z9]\d{7}", number):
        return False
    digits = [int(one) for one in number[2:]]
    return (sum(digits[0:6:2]) + 2 * sum(digits[1:6:2])) % 10 == digits[6]


def checked_npi(npi: str) -> str:
    """The ten digits, or empty for none. Raises Rejected where the Luhn check over "80840" and the number fails."""
    plain = re.sub(r"[\s-]+", "", npi)
    if not plain:
        return ""
    if not re.fullmatch(r"[12][0-9]{9}", plain, re.ASCII) or not _luhn(NPI_PREFIX + plain):
        raise NO_NPI
    return plain


def _luhn(number: str) -> bool:
    total = 0
    for place, digit in enumerate(reversed(number)):
        value = int(digit) * (2 if place % 2 else 1)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def checked_expiry(expires_on: date, today: date) -> date:
    """The day it expires on. Raises Rejected for one that is over, or further ahead than any licence lasts."""
    if expires_on <= today:
        raise OVER
    if expires_on > today + FURTHEST:
        raise TOO_FAR
    return expires_on


def checked_source(source: str) -> str:
    """Where it was looked up, in at most 120 letters. Raises Rejected without one."""
    plain = " ".join(source.split())
    if not plain or len(plain) > 120:
        raise NO_SOURCE
    return plain


def step_due(expires_on: date, today: date) -> int | None:
    """Which reminder is due: 60, 30, 7 or 0 days before, the nearest that has come; None before them all."""
    left = (expires_on - today).days
    come = [step for step in STEPS if left <= step]
    return min(come) if come else None


def wants_look(verified_at: datetime, now: datetime) -> bool:
    """Was it last looked up a month ago or longer?"""
    return now - verified_at >= VERIFY_EVERY
