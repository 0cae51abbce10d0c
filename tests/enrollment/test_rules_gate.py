"""The one gate: every fact must be known and right, and a missing fact is a no."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.settings import HOUSE
from service.catalog.queries import catalog
from service.catalog.rules.engine import ASKS, Delivery, Held
from service.enrollment.rules.gate import ALSO, ALWAYS, STEPS, Facts, may

CATALOG = catalog(HOUSE / "config")
POLICIES = CATALOG.policies
NOW = datetime(2026, 12, 1, 15, tzinfo=UTC)


def licensed(expires_on=date(2027, 6, 1), state="NJ", kinds=("physician", "dea", "cds")):
    return tuple(Held(kind=kind, state=state, expires_on=expires_on) for kind in kinds)


READY = Facts(
    time_zone="America/New_York",
    approved=True,
    consents_current=True,
    state="NJ",
    program="ocd",
    residence="NJ",
    location="NJ",
    licenses=licensed(),
    policies=POLICIES,
    hold=False,
    delivery=Delivery(state="NJ", kind="street"),
    prescription_valid=True,
    membership_live=True,
    last_check_in_at=NOW - timedelta(days=2),
    delivered=True,
    precheck_passed=True,
)
ACTIONS = list(ALSO)
# What each action rests on. An exam in person is a way around the policy, never needed beside it.
NEEDED = {
    "charge": {
        "time_zone",
        "approved",
        "consents_current",
        "state",
        "program",
        "residence",
        "location",
        "licenses",
        "policies",
        "hold",
    },
}
NEEDED["ship"] = NEEDED["charge"] | {"delivery", "prescription_valid", "membership_live", "last_check_in_at"}
NEEDED["session"] = NEEDED["charge"] | {"prescription_valid", "delivered", "precheck_passed"}


@pytest.mark.parametrize("action", ACTIONS)
def test_with_everything_in_order_the_answer_is_yes(action):
    assert may(action, READY, NOW).yes
    assert may(action, READY, NOW).reasons == ()


@pytest.mark.parametrize("action", ACTIONS)
@settings(database=None, deadline=None)
@given(missing=st.sets(st.sampled_from([field.name for field in fields(Facts)]), min_size=1))
def test_any_missing_fact_answers_no(action, missing):
    answer = may(action, replace(READY, **dict.fromkeys(missing)), NOW)
    assert answer.yes == (not missing & NEEDED[action])
    assert answer.yes == (answer.reasons == ())


@pytest.mark.parametrize("action", ACTIONS)
def test_knowing_nothing_gives_every_reason(action):
    codes = may(action, Facts(), NOW).codes
    assert set(codes) == {*ALWAYS, *ASKS[STEPS[action]], *ALSO[action]}
    assert len(codes) == len(set(codes))


@pytest.mark.parametrize(
    ("fact", "value", "code"),
    [
        ("approved", False, "approved"),
        ("consents_current", False, "consents"),
        ("program", "wellness", "program_closed"),
        ("residence", "FL", "residence"),
        ("location", "NY", "location"),
        ("hold", True, "hold"),
        ("licenses", licensed(kinds=("dea", "cds")), "license"),
        ("licenses", licensed(kinds=("physician", "dea")), "registration"),
    ],
)
@pytest.mark.parametrize("action", ACTIONS)
def test_one_wrong_fact_stops_everything_and_is_named(action, fact, value, code):
    assert may(action, replace(READY, **{fact: value}), NOW).codes == (code,)


def test_every_reason_is_given_not_only_the_first():
    assert may("charge", replace(READY, hold=True, approved=False), NOW).codes == ("approved", "hold")


def test_the_last_day_of_the_federal_authority_is_fine_and_the_next_is_blocked():
    noon = datetime(2026, 12, 31, 17, tzinfo=UTC)
    assert may("charge", READY, noon).yes
    assert may("charge", READY, noon + timedelta(days=1)).codes == ("telemedicine",)


def test_an_examination_in_person_carries_on_into_the_new_year():
    seen = replace(READY, in_person_exam_on=date(2026, 12, 15))
    assert may("charge", seen, datetime(2027, 1, 1, 17, tzinfo=UTC)).yes
    assert may(
        "charge", replace(READY, in_person_exam_on=date(2027, 1, 2)), datetime(2027, 1, 1, 17, tzinfo=UTC)
    ).codes == ("telemedicine",)


def test_the_year_ends_at_midnight_where_the_patient_lives():
    just_past_in_new_york = datetime(2027, 1, 1, 5, 30, tzinfo=UTC)
    assert not may("charge", READY, just_past_in_new_york).yes
    assert may("charge", replace(READY, time_zone="America/Chicago"), just_past_in_new_york).yes


def test_a_license_counts_until_the_day_before_it_expires_where_the_patient_lives():
    tomorrow = replace(READY, licenses=licensed(date(2026, 12, 2)))
    assert may("charge", tomorrow, NOW).yes
    assert may("charge", tomorrow, datetime(2026, 12, 2, 4, 59, tzinfo=UTC)).yes
    assert may("charge", tomorrow, datetime(2026, 12, 2, 5, 0, tzinfo=UTC)).codes == ("license", "registration")


@pytest.mark.parametrize("action", ACTIONS)
def test_a_state_that_closes_stops_everything_from_that_day_on(action):
    shut = tuple(replace(rule, effective_to=date(2026, 11, 30)) if rule.topic == "open" else rule for rule in POLICIES)
    assert may(action, replace(READY, policies=shut), NOW).codes == ("state_closed",)


def test_only_a_parcel_asks_for_a_street_address():
    boxed = replace(READY, delivery=Delivery(state="NJ", kind="post_box"))
    assert may("ship", boxed, NOW).codes == ("delivery",)
    assert may("charge", boxed, NOW).yes


def test_the_reasons_come_in_the_order_of_the_patients_path():
    nothing = may("ship", Facts(), NOW).codes
    assert nothing[:2] == ("approved", "consents")
    assert nothing[-4:] == ("hold", "prescription", "membership", "check_in")


@pytest.mark.parametrize(
    ("age", "yes"), [(timedelta(0), True), (timedelta(days=7), True), (timedelta(days=7, seconds=1), False)]
)
def test_a_parcel_needs_a_check_in_of_the_last_seven_days(age, yes):
    assert may("ship", replace(READY, last_check_in_at=NOW - age), NOW).yes is yes


def test_a_check_in_from_the_future_is_no_check_in():
    assert may("ship", replace(READY, last_check_in_at=NOW + timedelta(minutes=1)), NOW).codes == ("check_in",)


def test_a_payment_alone_ships_nothing():
    paid = replace(READY, prescription_valid=False)
    assert may("charge", paid, NOW).yes
    assert may("ship", paid, NOW).codes == ("prescription",)
