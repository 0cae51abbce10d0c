"""The state-rule engine: may this step happen for this patient, here, on this day, with this clinician?

One table says which step asks what. A fact nobody knows is a no wherever the step asks for it, and the answer carries
every reason, not only the first. Sources stand beside the values: config/states and config/policies.toml.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal, TypeAlias

from service.catalog.rules.dated import DatedRules
from service.catalog.rules.policies import Policy, policy_in_force
from service.kit.errors import words

Step: TypeAlias = Literal["assessment", "booking", "encounter", "approval", "renewal", "shipment"]

TELEMEDICINE = ("federal_telemedicine_authority", "US")


@dataclass(frozen=True, kw_only=True)
class Held:
    """A licence or registration somebody holds. It counts up to the day before `expires_on`, unless it was `ended`."""

    kind: str
    state: str
    expires_on: date | None
    ended: bool | None = False


@dataclass(frozen=True, kw_only=True)
class Asked:
    """An answer of a prescription monitoring program: which one was asked, and when."""

    system: str
    checked_at: datetime


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """Where a parcel would go: a USPS code, and "street" or "post_box"."""

    state: str
    kind: str


@dataclass(frozen=True, kw_only=True)
class Situation:
    """What is known. None is unknown, and unknown is a no. `day` is the patient's own, `now` aware UTC.

    `residence` and `location` are USPS codes: where they live, where their body is. `licenses` are the clinician's.
    `disclosed` are the keys of what the patient was told before the visit.
    """

    day: date | None = None
    now: datetime | None = None
    program: str | None = None
    residence: str | None = None
    location: str | None = None
    delivery: Delivery | None = None
    licenses: tuple[Held, ...] | None = None
    in_person_exam_on: date | None = None
    pdmp: Asked | None = None
    disclosed: frozenset[str] | None = None


@dataclass(frozen=True)
class Reason:
    """One cause of a no: a stable code, and a sentence for staff."""

    code: str
    message: str


@dataclass(frozen=True)
class Verdict:
    """`yes`, or every reason why not, in the order of the table."""

    yes: bool
    reasons: tuple[Reason, ...]

    @property
    def codes(self) -> tuple[str, ...]:
        return tuple(reason.code for reason in self.reasons)


def ask(step: Step, *, state: str | None, policies: Iterable[Policy] | None, situation: Situation) -> Verdict:
    """May `step` happen in `state` (a USPS code)? `policies` are the catalog's, which hold every state's rules too."""
    case = _case(state or "", tuple(policies or ()), situation)
    failing = [code for code in ASKS[step] if case is None or not CHECKS[code](case)]
    return Verdict(not failing, tuple(Reason(code, MESSAGES[code]) for code in failing))


def holds(licenses: Iterable[Held], kinds: Iterable[str], state: str, day: date) -> bool:
    """Does one of `licenses` count in `state` on `day`, being of one of `kinds`?"""
    allowed = tuple(kinds)
    return any(
        held.kind in allowed
        and held.state == state
        and held.ended is False
        and held.expires_on is not None
        and day < held.expires_on
        for held in licenses
    )


def lawful_by_telemedicine(policies: Iterable[Policy], in_person_exam_on: date | None, day: date) -> bool:
    """By a federal policy that covers the day, or because of an exam in person by then (domain.md 3.1)."""
    policy = policy_in_force(policies, *TELEMEDICINE, day)
    examined = in_person_exam_on is not None and in_person_exam_on <= day
    return examined or (policy is not None and policy.value is True)


@dataclass(frozen=True)
class _Case:
    """A situation beside the rules that hold where it is asked, on a day that is known."""

    rules: DatedRules
    policies: tuple[Policy, ...]
    on: date
    seen: Situation


def _case(state: str, policies: tuple[Policy, ...], situation: Situation) -> _Case | None:
    rules = tuple(policy for policy in policies if policy.jurisdiction == state)
    if situation.day is None or not any(rule.topic == "open" for rule in rules):
        return None  # no day, or no state of ours: nothing can be a yes
    return _Case(DatedRules(state, rules), policies, situation.day, situation)


def _registered(case: _Case) -> bool:
    asked, held = case.rules.registrations_on(case.on), case.seen.licenses
    if asked is None or held is None:
        return False
    return all(holds(held, (kind,), case.rules.code, case.on) for kind in asked)


def _delivered_there(case: _Case) -> bool:
    to = case.seen.delivery  # residence is a reason of its own
    return to is not None and to.state == case.rules.code and to.kind in case.rules.delivery_on(case.on)


def _pdmp_fresh(case: _Case) -> bool:
    wanted, asked, now = case.rules.pdmp_on(case.on), case.seen.pdmp, case.seen.now
    if wanted is None or asked is None or now is None:
        return False
    return asked.system == wanted.system and timedelta(0) <= now - asked.checked_at <= wanted.fresh_for


CHECKS: dict[str, Callable[[_Case], bool]] = {
    "state_closed": lambda case: case.rules.open_on(case.on),
    "program_closed": lambda case: (case.seen.program or "") in case.rules.programs_on(case.on),
    "residence": lambda case: case.seen.residence == case.rules.code,
    "location": lambda case: case.seen.location == case.rules.code,
    "delivery": _delivered_there,
    "license": lambda case: holds(case.seen.licenses or (), case.rules.licenses_on(case.on), case.rules.code, case.on),
    "registration": _registered,
    "telemedicine": lambda case: lawful_by_telemedicine(case.policies, case.seen.in_person_exam_on, case.on),
    "pdmp": _pdmp_fresh,
    "disclosure": lambda case: case.rules.disclosures_on(case.on).keys() <= (case.seen.disclosed or frozenset()),
}
# Which step asks what (docs/state-rules.md says why). An encounter may be signed in a state that has closed meanwhile:
# whoever was seen must be written down, and told yes or no.
ASKS: dict[Step, tuple[str, ...]] = {
    "assessment": ("state_closed", "program_closed", "residence"),
    "booking": ("state_closed", "program_closed", "residence", "license"),
    "encounter": ("location", "license", "disclosure"),
    "approval": (
        "state_closed",
        "program_closed",
        "residence",
        "location",
        "license",
        "registration",
        "telemedicine",
        "pdmp",
        "disclosure",
    ),
    "renewal": (
        "state_closed",
        "program_closed",
        "residence",
        "location",
        "license",
        "registration",
        "telemedicine",
    ),
    "shipment": (
        "state_closed",
        "program_closed",
        "residence",
        "location",
        "delivery",
        "license",
        "registration",
        "telemedicine",
    ),
}
MESSAGES = {
    "state_closed": words("The clinic is not open in the patient's state on this day."),
    "program_closed": words("The program is not allowed in the patient's state on this day."),
    "residence": words("The patient is not known to live in this state."),
    "location": words("The patient is not known to be in this state."),
    "delivery": words("The parcel would not go to a street address in the state where the patient lives."),
    "license": words("No clinician's license for that state is valid on this day."),
    "registration": words("A registration that this state asks for is missing, has ended or expires today."),
    "telemedicine": words("No rule allows this by telemedicine on this day, and no examination in person is recorded."),
    "pdmp": words("The prescription monitoring program of this state was not asked in the hours its rule allows."),
    "disclosure": words("The patient has not been told what this state wants said before a visit."),
}
