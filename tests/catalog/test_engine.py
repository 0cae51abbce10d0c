"""The state-rule engine: which step asks what, and that what nobody knows is a no."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.settings import HOUSE
from service.catalog.queries import catalog
from service.catalog.rules.engine import ASKS, CHECKS, MESSAGES, Asked, Delivery, Held, Situation, ask

CATALOG = catalog(HOUSE / "config")
TODAY = date(2026, 11, 21)
NOW = datetime(2026, 11, 21, 15, tzinfo=UTC)
TO = date(2028, 1, 31)
STEPS = list(ASKS)
SYSTEMS = {"FL": "E-FORCSE", "NJ": "NJPMP"}


def ready(state="NJ", **changes):
    held = [Held(kind=kind, state=state, expires_on=TO) for kind in ("physician", "dea", "cds")]
    return Situation(
        **{
            "day": TODAY,
            "now": NOW,
            "program": "ocd",
            "residence": state,
            "location": state,
            "delivery": Delivery(state=state, kind="street"),
            "licenses": tuple(held),
            "in_person_exam_on": None,
            "pdmp": Asked(system=SYSTEMS[state], checked_at=NOW - timedelta(hours=1)),
            "disclosed": frozenset({"physician"}),
            **changes,
        }
    )


def codes(step, state="NJ", policies=CATALOG.policies, **changes):
    return ask(step, state=state, policies=policies, situation=ready(state, **changes)).codes


@pytest.mark.parametrize("state", ["FL", "NJ"])
@pytest.mark.parametrize("step", STEPS)
def test_with_everything_in_order_every_step_may_be_taken(step, state):
    assert codes(step, state) == ()


# What each step cannot do without, written down here a second time: the table in the engine is not its own witness.
NEEDS = {
    "assessment": {"day", "program", "residence"},
    "booking": {"day", "program", "residence", "licenses"},
    "encounter": {"day", "location", "licenses", "disclosed"},
    "approval": {"day", "now", "program", "residence", "location", "licenses", "pdmp", "disclosed"},
    "renewal": {"day", "program", "residence", "location", "licenses"},
    "shipment": {"day", "program", "residence", "location", "delivery", "licenses"},
}


@pytest.mark.parametrize("step", STEPS)
@settings(database=None, deadline=None)
@given(missing=st.sets(st.sampled_from([field.name for field in fields(Situation)])))
def test_what_nobody_knows_is_a_no_where_the_step_asks_for_it_and_nowhere_else(step, missing):
    verdict = ask(step, state="NJ", policies=CATALOG.policies, situation=replace(ready(), **dict.fromkeys(missing)))
    assert verdict.yes == (not missing & NEEDS[step])
    assert verdict.yes == (verdict.reasons == ())


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("state", [None, "", "NY", "US"])
def test_a_state_without_rules_is_refused_for_every_reason(step, state):
    asked = ask(step, state=state, policies=CATALOG.policies, situation=ready())
    assert asked.codes == ASKS[step]
    assert ask(step, state="NJ", policies=None, situation=ready()).codes == ASKS[step]
    assert ask(step, state="NJ", policies=CATALOG.policies, situation=Situation()).codes == ASKS[step]


def test_every_check_has_a_sentence_and_some_step_that_asks_it():
    assert set(MESSAGES) == set(CHECKS) == {code for asked in ASKS.values() for code in asked}
    assert all(message.endswith(".") for message in MESSAGES.values())


def closed(topic, state="NJ", last=date(2026, 11, 20)):
    """The catalog's rules, where one of them ended yesterday."""
    return tuple(
        replace(rule, effective_to=last) if (rule.topic, rule.jurisdiction) == (topic, state) else rule
        for rule in CATALOG.policies
    )


@pytest.mark.parametrize(
    ("topic", "code"),
    [
        ("open", "state_closed"),
        ("program.ocd", "program_closed"),
        ("licenses", "license"),
        ("registrations", "registration"),
        ("pdmp", "pdmp"),
        ("pdmp_hours", "pdmp"),
    ],
)
def test_a_rule_that_ended_yesterday_allows_nothing_today(topic, code):
    assert codes("approval", policies=closed(topic)) == (code,)
    assert codes("approval", policies=closed(topic, last=TODAY)) == ()


def test_a_parcel_goes_nowhere_where_no_rule_says_what_address_it_may_have():
    assert codes("shipment", policies=closed("delivery")) == ("delivery",)


def test_a_rule_of_another_state_changes_nothing_here():
    assert codes("approval", policies=closed("open", "FL")) == ()


def test_what_must_be_said_is_no_longer_asked_for_once_its_rule_has_ended():
    assert codes("encounter", disclosed=frozenset()) == ("disclosure",)
    assert codes("encounter", policies=closed("disclosure.physician"), disclosed=frozenset()) == ()
    assert codes("encounter", "FL", disclosed=None) == ()


def test_a_state_that_closed_still_lets_a_visit_be_written_down_but_nobody_be_approved():
    shut = closed("open")
    assert codes("encounter", policies=shut) == ()
    for step in ("assessment", "booking", "approval", "renewal", "shipment"):
        assert codes(step, policies=shut) == ("state_closed",)


def test_a_program_that_florida_does_not_allow_is_refused_at_every_step_that_begins_or_goes_on():
    for step in ("assessment", "booking", "approval", "renewal", "shipment"):
        assert codes(step, "FL", program="chronic_pain") == ("program_closed",)
        assert codes(step, "NJ", program="chronic_pain") == ()


@pytest.mark.parametrize(
    ("day", "exam", "yes"),
    [
        (date(2026, 12, 31), None, True),
        (date(2027, 1, 1), None, False),
        (date(2027, 1, 1), date(2027, 1, 1), True),
        (date(2027, 1, 1), date(2026, 6, 1), True),
        (date(2027, 1, 1), date(2027, 1, 2), False),
        (date(2025, 12, 31), None, False),
    ],
)
@pytest.mark.parametrize("step", ["approval", "renewal", "shipment"])
def test_the_federal_authority_ends_with_the_year_unless_the_patient_was_examined_in_person(step, day, exam, yes):
    always = tuple(
        replace(rule, effective_from=date(2020, 1, 1)) if rule.jurisdiction == "NJ" else rule
        for rule in CATALOG.policies
    )
    assert codes(step, policies=always, day=day, in_person_exam_on=exam) == (() if yes else ("telemedicine",))


@pytest.mark.parametrize(
    ("age", "yes"),
    [
        (timedelta(hours=23), True),
        (timedelta(hours=24), True),
        (timedelta(hours=24, seconds=1), False),
        (timedelta(hours=25), False),
        (timedelta(0), True),
        (-timedelta(seconds=1), False),
    ],
)
def test_an_answer_of_the_monitoring_program_is_fresh_for_24_hours(age, yes):
    asked = Asked(system="NJPMP", checked_at=NOW - age)
    assert codes("approval", pdmp=asked) == (() if yes else ("pdmp",))


def test_the_monitoring_program_of_another_state_answers_nothing():
    assert codes("approval", pdmp=Asked(system="E-FORCSE", checked_at=NOW)) == ("pdmp",)


@pytest.mark.parametrize(
    "held",
    [
        Held(kind="physician", state="NJ", expires_on=TODAY),
        Held(kind="physician", state="NJ", expires_on=None),
        Held(kind="physician", state="FL", expires_on=TO),
        Held(kind="physician", state="NJ", expires_on=TO, ended=True),
        Held(kind="physician", state="NJ", expires_on=TO, ended=None),
        Held(kind="out_of_state_telehealth", state="NJ", expires_on=TO),
        Held(kind="dea", state="NJ", expires_on=TO),
        Held(kind="wizard", state="NJ", expires_on=TO),
    ],
)
@pytest.mark.parametrize("step", ["booking", "encounter", "approval", "renewal", "shipment"])
def test_a_license_that_does_not_count_here_today_is_none(step, held):
    others = tuple(one for one in ready().licenses if one.kind != "physician")
    assert codes(step, licenses=(held, *others)) == ("license",)
    tomorrow = Held(kind="physician", state="NJ", expires_on=TODAY + timedelta(days=1))
    assert codes(step, licenses=(held, tomorrow, *others)) == ()


@pytest.mark.parametrize("kind", ["dea", "cds"])
@pytest.mark.parametrize("step", ["approval", "renewal", "shipment"])
def test_a_registration_that_is_missing_or_runs_out_today_stops_what_is_prescribed(step, kind):
    others = tuple(one for one in ready().licenses if one.kind != kind)
    assert codes(step, licenses=others) == ("registration",)
    assert codes(step, licenses=(*others, Held(kind=kind, state="NJ", expires_on=TODAY))) == ("registration",)
    assert codes(step, licenses=(*others, Held(kind=kind, state="FL", expires_on=TO))) == ("registration",)
    assert codes("encounter", licenses=others) == ()


def test_florida_asks_for_no_registration_of_new_jersey():
    held = tuple(one for one in ready("FL").licenses if one.kind != "cds")
    assert codes("approval", "FL", licenses=held) == ()


def test_every_reason_is_given_not_only_the_first():
    assert codes("encounter", location="FL", licenses=(), disclosed=frozenset()) == (
        "location",
        "license",
        "disclosure",
    )


@pytest.mark.parametrize(
    ("to", "yes"),
    [
        (Delivery(state="NJ", kind="street"), True),
        (Delivery(state="NJ", kind="post_box"), False),
        (Delivery(state="FL", kind="street"), False),
        (Delivery(state="NJ", kind=""), False),
    ],
)
def test_a_parcel_goes_to_a_street_address_in_the_state_of_residence(to, yes):
    assert codes("shipment", delivery=to) == (() if yes else ("delivery",))
