"""The one gate over whole histories: whatever happened and when, a yes needs everything and a no names it all.

A history is a list of things that happen to one patient, each a step of time later than the one before. It is folded
into the gate's facts the way the house gathers them; what the gate says is compared with a second reading of the same
history that knows nothing of the gate.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from config.settings import HOUSE
from service.catalog.queries import catalog
from service.catalog.rules.engine import Delivery, Held
from service.catalog.rules.policies import Policy
from service.enrollment.rules.gate import ALSO, Facts, may

CATALOG = catalog(HOUSE / "config")
START = datetime(2026, 12, 20, 15, tzinfo=UTC)
ZONE = "America/New_York"
ACTIONS = list(ALSO)
FAR = date(2028, 1, 31)

# (what happens, with what). The words are the test's own; `fold` turns them into facts.
GOOD = [
    ("approve", None),
    ("sign", None),
    ("visit", "NJ"),
    ("address", "NJ"),
    ("lift", None),
    ("open", None),
    ("allow", None),
    ("renew", "physician"),
    ("renew", "dea"),
    ("renew", "cds"),
    ("extend", None),
    ("examine", None),
    ("prescribe", None),
    ("pay", None),
    ("check_in", None),
    ("deliver", None),
    ("precheck", None),
    ("street", None),
]
BAD = [
    ("decline", None),
    ("withdraw", None),
    ("new_version", None),
    ("attest", "GA"),
    ("attest", "FL"),
    ("address", "FL"),
    ("address", "GA"),
    ("hold", None),
    ("close", None),
    ("disallow", None),
    ("lapse", "physician"),
    ("lapse", "dea"),
    ("lapse", "cds"),
    ("end_license", "physician"),
    ("expire_prescription", None),
    ("cancel", None),
    ("post_box", None),
    ("fail_precheck", None),
]
EVENTS = st.tuples(st.sampled_from(GOOD + BAD), st.sampled_from([timedelta(0), timedelta(hours=11), timedelta(days=3)]))
HISTORIES = st.lists(EVENTS, max_size=24)
# Everything that has to happen, in an order that can be; most of what is random around it then undoes some.
WHOLE = [(event, timedelta(0)) for event in GOOD]


@dataclass
class Patient:
    """What a history left behind. None is what nobody has said yet."""

    now: datetime = START
    facts: dict[str, Any] = field(default_factory=dict)
    licenses: dict[str, Held] = field(default_factory=dict)
    closed_on: date | None = None
    disallowed_on: date | None = None
    extended: bool = False

    @property
    def today(self) -> date:
        return self.now.astimezone(ZoneInfo(ZONE)).date()


def fold(history: Iterable[tuple[tuple[str, Any], timedelta]]) -> Patient:
    one = Patient()
    for (what, which), later in history:
        one.now += later
        happen(one, what, which)
    return one


def happen(one: Patient, what: str, which: Any) -> None:
    simple: dict[str, tuple[str, Any]] = {
        "approve": ("approved", True),
        "decline": ("approved", False),
        "sign": ("consents_current", True),
        "withdraw": ("consents_current", False),
        "new_version": ("consents_current", False),
        "attest": ("location", which),
        "address": ("residence", which),
        "hold": ("hold", True),
        "lift": ("hold", False),
        "examine": ("in_person_exam_on", one.today),
        "prescribe": ("prescription_valid", True),
        "expire_prescription": ("prescription_valid", False),
        "pay": ("membership_live", True),
        "cancel": ("membership_live", False),
        "check_in": ("last_check_in_at", one.now),
        "deliver": ("delivered", True),
        "precheck": ("precheck_passed", True),
        "fail_precheck": ("precheck_passed", False),
        "street": ("delivery", Delivery(state="NJ", kind="street")),
        "post_box": ("delivery", Delivery(state="NJ", kind="post_box")),
    }
    if what in simple:
        name, value = simple[what]
        one.facts[name] = value
    elif what == "visit":
        one.facts.update(location=which)
        one.licenses.setdefault("physician", Held(kind="physician", state="NJ", expires_on=FAR))
    elif what == "renew":
        one.licenses[which] = Held(kind=which, state="NJ", expires_on=FAR)
    elif what == "lapse":  # it expires today, which is a day too late
        one.licenses[which] = Held(kind=which, state="NJ", expires_on=one.today)
    elif what == "end_license":
        one.licenses[which] = Held(kind=which, state="NJ", expires_on=FAR, ended=True)
    elif what in ("close", "open"):
        one.closed_on = one.today if what == "close" else None
    elif what in ("disallow", "allow"):
        one.disallowed_on = one.today if what == "disallow" else None
    else:
        assert what == "extend"
        one.extended = True


def facts_of(one: Patient) -> Facts:
    return Facts(
        time_zone=ZONE,
        state="NJ",
        program="ocd",
        licenses=tuple(one.licenses.values()) if one.licenses else None,
        policies=tuple(law(one)),
        **one.facts,
    )


def law(one: Patient) -> Iterable[Policy]:
    for rule in CATALOG.policies:
        ends = {"open": one.closed_on, "program.ocd": one.disallowed_on}.get(rule.topic)
        if rule.jurisdiction == "NJ" and ends is not None:
            yield replace(rule, effective_to=ends - timedelta(days=1))
        elif rule.jurisdiction == "US" and one.extended:
            yield replace(rule, effective_to=None)
        else:
            yield rule


def reasons_by_reading(one: Patient, action: str) -> set[str]:
    """The same history, read again without the gate and without the engine."""
    said = one.facts.get
    counts = {kind: held.expires_on > one.today and not held.ended for kind, held in one.licenses.items()}
    no = {
        "approved": said("approved") is not True,
        "consents": said("consents_current") is not True,
        "state_closed": one.closed_on is not None,
        "program_closed": one.disallowed_on is not None,
        "residence": said("residence") != "NJ",
        "location": said("location") != "NJ",
        "license": not counts.get("physician", False),
        "registration": not (counts.get("dea", False) and counts.get("cds", False)),
        "telemedicine": not (one.extended or one.today.year == 2026 or said("in_person_exam_on") is not None),
        "hold": said("hold") is not False,
    }
    if action in ("ship", "session"):
        no["prescription"] = said("prescription_valid") is not True
    if action == "ship":
        no["delivery"] = said("delivery") != Delivery(state="NJ", kind="street")
        no["membership"] = said("membership_live") is not True
        checked = said("last_check_in_at")
        no["check_in"] = checked is None or one.now - checked > timedelta(days=7)
    if action == "session":
        no["delivered"] = said("delivered") is not True
        no["precheck"] = said("precheck_passed") is not True
    return {code for code, wrong in no.items() if wrong}


def asked(one: Patient, action: str) -> set[str]:
    answer = may(action, facts_of(one), one.now)
    assert answer.yes == (answer.reasons == ())
    assert len(answer.codes) == len(set(answer.codes))
    return set(answer.codes)


OFTEN = settings(database=None, deadline=None, max_examples=300, derandomize=True)


@pytest.mark.parametrize("action", ACTIONS)
@OFTEN
@example(history=[])
@example(history=WHOLE)
@given(history=st.one_of(HISTORIES, HISTORIES.map(lambda rest: WHOLE + rest)))
def test_the_gate_reads_a_history_as_a_careful_person_would_and_leaves_no_reason_out(action, history):
    one = fold(history)
    assert asked(one, action) == reasons_by_reading(one, action)


@pytest.mark.parametrize("action", ACTIONS)
@OFTEN
@given(
    rest=HISTORIES, name=st.sampled_from(sorted(one.name for one in fields(Facts) if one.name != "in_person_exam_on"))
)
def test_losing_a_fact_never_turns_a_no_into_a_yes_and_never_hides_another_reason(action, rest, name):
    one = fold(WHOLE + rest)
    whole = facts_of(one)
    before = set(may(action, whole, one.now).codes)
    after = set(may(action, replace(whole, **{name: None}), one.now).codes)
    assert before <= after


@pytest.mark.parametrize("action", ACTIONS)
@OFTEN
@given(rest=HISTORIES, blow=st.sampled_from(BAD))
def test_one_more_thing_going_wrong_never_turns_a_no_into_a_yes(action, rest, blow):
    before, after = fold(WHOLE + rest), fold([*WHOLE, *rest, (blow, timedelta(0))])
    earlier, later = asked(before, action), asked(after, action)
    assert earlier <= later
    assert len(later - earlier) <= 1


@pytest.mark.parametrize("action", ACTIONS)
@OFTEN
@given(rest=HISTORIES)
def test_mending_every_reason_opens_the_gate_and_mending_all_but_one_does_not(action, rest):
    mended = fold([*WHOLE, *rest, *WHOLE])
    assert asked(mended, action) == set()
    for blow, code in (
        (("decline", None), "approved"),
        (("withdraw", None), "consents"),
        (("hold", None), "hold"),
        (("close", None), "state_closed"),
        (("disallow", None), "program_closed"),
        (("address", "FL"), "residence"),
        (("attest", "GA"), "location"),
        (("lapse", "physician"), "license"),
        (("lapse", "cds"), "registration"),
    ):
        assert asked(fold([*WHOLE, *rest, *WHOLE, (blow, timedelta(0))]), action) == {code}


@pytest.mark.parametrize("action", ACTIONS)
@OFTEN
@given(rest=HISTORIES, days=st.integers(0, 800))
def test_waiting_alone_mends_nothing(action, rest, days):
    one = fold(WHOLE + rest)
    facts = facts_of(one)
    before = set(may(action, facts, one.now).codes)
    assert before <= set(may(action, facts, one.now + timedelta(days=days)).codes)


@pytest.mark.parametrize(
    ("moment", "yes"),
    [
        (datetime(2027, 1, 1, 4, 59, 59, tzinfo=UTC), True),  # 31 December, a second to midnight in New York
        (datetime(2027, 1, 1, 5, 0, tzinfo=UTC), False),
    ],
)
def test_the_turn_of_the_year_is_the_patients_own(moment, yes):
    without_exam = [step for step in WHOLE if step[0][0] not in ("extend", "examine")]
    facts = facts_of(fold(without_exam))
    assert may("charge", facts, moment).codes == (() if yes else ("telemedicine",))
    assert may("charge", replace(facts, time_zone="America/Chicago"), moment).yes
