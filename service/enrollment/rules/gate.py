"""The one gate: may we charge, may we ship, may a session start? It answers with every reason for a no.

The action that asks gathers the facts. A fact it could not gather stays None, and None always answers no.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal, TypeAlias
from zoneinfo import ZoneInfo

from service.catalog.rules.policies import Policy, policy_in_force
from service.kit.errors import words

Action: TypeAlias = Literal["charge", "ship", "session"]

TELEMEDICINE = ("federal_telemedicine_authority", "US")
# A parcel needs a recent word from the patient (domain.md 5: last check-in at most 7 days old).
CHECK_IN_STAYS_FRESH = timedelta(days=7)


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What is known about one patient at one moment. `policies` are the catalog's; days are read in `time_zone`, the
    patient's own. A licence no longer counts on the day it expires.
    """

    time_zone: str | None = None
    approved: bool | None = None
    consents_current: bool | None = None
    state_open: bool | None = None
    patient_in_state: bool | None = None
    license_expires_on: date | None = None
    policies: tuple[Policy, ...] | None = None
    in_person_exam_on: date | None = None
    hold: bool | None = None
    prescription_valid: bool | None = None
    membership_live: bool | None = None
    last_check_in_at: datetime | None = None
    delivered: bool | None = None
    precheck_passed: bool | None = None


@dataclass(frozen=True)
class Reason:
    """One cause of a no: a stable code, and a sentence for staff."""

    code: str
    message: str


@dataclass(frozen=True)
class Answer:
    """`yes`, or every reason why not, in the order of the patient's path."""

    yes: bool
    reasons: tuple[Reason, ...]

    @property
    def codes(self) -> tuple[str, ...]:
        return tuple(reason.code for reason in self.reasons)


def may(action: Action, facts: Facts, now: datetime) -> Answer:
    """May `action` happen to this patient at `now` (for a renewal: at the moment it would be charged)?"""
    failing = tuple(Reason(code, MESSAGES[code]) for code in (*ALWAYS, *ALSO[action]) if not CHECKS[code](facts, now))
    return Answer(not failing, failing)


def _license_valid(facts: Facts, now: datetime) -> bool:
    day = _day(facts, now)
    return day is not None and facts.license_expires_on is not None and day < facts.license_expires_on


def _telemedicine_lawful(facts: Facts, now: datetime) -> bool:
    """By a federal policy that covers the day, or because the patient has been examined in person by then."""
    day = _day(facts, now)
    if day is None:
        return False
    policy = policy_in_force(facts.policies or (), *TELEMEDICINE, day)
    examined = facts.in_person_exam_on is not None and facts.in_person_exam_on <= day
    return examined or (policy is not None and policy.value is True)


def _check_in_fresh(facts: Facts, now: datetime) -> bool:
    return facts.last_check_in_at is not None and timedelta(0) <= now - facts.last_check_in_at <= CHECK_IN_STAYS_FRESH


def _day(facts: Facts, now: datetime) -> date | None:
    return now.astimezone(ZoneInfo(facts.time_zone)).date() if facts.time_zone else None


# "is True" and "is False": a missing fact is neither.
CHECKS: dict[str, Callable[[Facts, datetime], bool]] = {
    "approved": lambda facts, _: facts.approved is True,
    "consents": lambda facts, _: facts.consents_current is True,
    "state_open": lambda facts, _: facts.state_open is True,
    "in_state": lambda facts, _: facts.patient_in_state is True,
    "license": _license_valid,
    "telemedicine": _telemedicine_lawful,
    "hold": lambda facts, _: facts.hold is False,
    "prescription": lambda facts, _: facts.prescription_valid is True,
    "membership": lambda facts, _: facts.membership_live is True,
    "check_in": _check_in_fresh,
    "delivered": lambda facts, _: facts.delivered is True,
    "precheck": lambda facts, _: facts.precheck_passed is True,
}
ALWAYS = ("approved", "consents", "state_open", "in_state", "license", "telemedicine", "hold")
ALSO: dict[Action, tuple[str, ...]] = {
    "charge": (),
    "ship": ("prescription", "membership", "check_in"),
    "session": ("prescription", "delivered", "precheck"),
}
MESSAGES = {
    "approved": words("A clinician has not approved this program."),
    "consents": words("A consent is missing or has a newer version."),
    "state_open": words("The program is not open in the patient's state."),
    "in_state": words("The patient is not known to be in that state."),
    "license": words("No clinician's license for that state is valid on this day."),
    "telemedicine": words("No rule allows this by telemedicine on this day, and no examination in person is recorded."),
    "hold": words("A safety hold stands, or holds could not be read."),
    "prescription": words("There is no valid prescription."),
    "membership": words("The membership is not active."),
    "check_in": words("The last check-in is more than 7 days old."),
    "delivered": words("The medicine has not been delivered."),
    "precheck": words("The check before the session has not been passed."),
}
