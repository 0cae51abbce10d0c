"""The one gate: may we charge, may we ship, may a session start? It answers with every reason for a no.

The action that asks gathers the facts. A fact it could not gather stays None, and None always answers no. What the law
and the clinic ask on a day, in a state, is the state-rule engine's to say (catalog/rules/engine.py).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal, TypeAlias
from zoneinfo import ZoneInfo

from service.catalog.rules import engine
from service.catalog.rules.engine import Delivery, Held, Reason, Situation, Step
from service.catalog.rules.policies import Policy
from service.kit.errors import words

__all__ = ["ALSO", "ALWAYS", "MESSAGES", "Action", "Answer", "Facts", "Reason", "may"]

Action: TypeAlias = Literal["charge", "ship", "session"]

# Which step of the engine each action is. A session at home needs what goes on with care needs.
STEPS: dict[Action, Step] = {"charge": "renewal", "ship": "shipment", "session": "renewal"}
# A parcel needs a recent word from the patient (domain.md 5: last check-in at most 7 days old).
CHECK_IN_STAYS_FRESH = timedelta(days=7)


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What is known about one patient at one moment. Days are read in `time_zone`, the patient's own.

    `state` is where they are enrolled, `residence` where they live, `location` where their body was last known to be:
    USPS codes. `licenses` are those of the clinician who saw them last; `policies` are the catalog's.
    """

    time_zone: str | None = None
    approved: bool | None = None
    consents_current: bool | None = None
    state: str | None = None
    program: str | None = None
    residence: str | None = None
    location: str | None = None
    licenses: tuple[Held, ...] | None = None
    policies: tuple[Policy, ...] | None = None
    in_person_exam_on: date | None = None
    hold: bool | None = None
    delivery: Delivery | None = None
    prescription_valid: bool | None = None
    membership_live: bool | None = None
    last_check_in_at: datetime | None = None
    delivered: bool | None = None
    precheck_passed: bool | None = None


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
    lawful = engine.ask(STEPS[action], state=facts.state, policies=facts.policies, situation=_situation(facts, now))
    failing = [code for code in (*ALWAYS, *ALSO[action]) if not CHECKS[code](facts, now)]
    own = tuple(Reason(code, MESSAGES[code]) for code in failing)
    before = tuple(reason for reason in own if reason.code in PATIENTS)
    reasons = (*before, *lawful.reasons, *(reason for reason in own if reason not in before))
    return Answer(not reasons, reasons)


def _situation(facts: Facts, now: datetime) -> Situation:
    return Situation(
        day=now.astimezone(ZoneInfo(facts.time_zone)).date() if facts.time_zone else None,
        now=now,
        program=facts.program,
        residence=facts.residence,
        location=facts.location,
        delivery=facts.delivery,
        licenses=facts.licenses,
        in_person_exam_on=facts.in_person_exam_on,
    )


def _check_in_fresh(facts: Facts, now: datetime) -> bool:
    return facts.last_check_in_at is not None and timedelta(0) <= now - facts.last_check_in_at <= CHECK_IN_STAYS_FRESH


# "is True" and "is False": a missing fact is neither.
CHECKS: dict[str, Callable[[Facts, datetime], bool]] = {
    "approved": lambda facts, _: facts.approved is True,
    "consents": lambda facts, _: facts.consents_current is True,
    "hold": lambda facts, _: facts.hold is False,
    "prescription": lambda facts, _: facts.prescription_valid is True,
    "membership": lambda facts, _: facts.membership_live is True,
    "check_in": _check_in_fresh,
    "delivered": lambda facts, _: facts.delivered is True,
    "precheck": lambda facts, _: facts.precheck_passed is True,
}
PATIENTS = ("approved", "consents")  # what comes first on the patient's own path
ALWAYS = (*PATIENTS, "hold")
ALSO: dict[Action, tuple[str, ...]] = {
    "charge": (),
    "ship": ("prescription", "membership", "check_in"),
    "session": ("prescription", "delivered", "precheck"),
}
MESSAGES = {
    **engine.MESSAGES,
    "approved": words("A clinician has not approved this program."),
    "consents": words("A consent is missing or has a newer version."),
    "hold": words("A safety hold stands, or holds could not be read."),
    "prescription": words("There is no valid prescription."),
    "membership": words("The membership is not active."),
    "check_in": words("The last check-in is more than 7 days old."),
    "delivered": words("The medicine has not been delivered."),
    "precheck": words("The check before the session has not been passed."),
    # Said by answers of before the engine; kept so that they can still be read.
    "state_open": words("The program is not open in the patient's state."),
    "in_state": words("The patient is not known to be in that state."),
}
