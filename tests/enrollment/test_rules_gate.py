"""The one gate: every fact must be known and right, and a missing fact is a no."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.settings import HOUSE
from service.catalog.queries import catalog
from service.enrollment.rules.gate import ALSO, Facts, may

POLICIES = catalog(HOUSE / "config").policies
NOW = datetime(2026, 12, 1, 15, tzinfo=UTC)
READY = Facts(
    time_zone="America/New_York",
    approved=True,
    consents_current=True,
    state_open=True,
    patient_in_state=True,
    license_expires_on=date(2027, 6, 1),
    policies=POLICIES,
    hold=False,
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
        "state_open",
        "patient_in_state",
        "license_expires_on",
        "policies",
        "hold",
    },
}
NEEDED["ship"] = NEEDED["charge"] | {"prescription_valid", "membership_live", "last_check_in_at"}
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
    assert len(may(action, Facts(), NOW).reasons) == 7 + len(ALSO[action])


@pytest.mark.parametrize(
    ("fact", "value", "code"),
    [
        ("approved", False, "approved"),
        ("consents_current", False, "consents"),
        ("state_open", False, "state_open"),
        ("patient_in_state", False, "in_state"),
        ("hold", True, "hold"),
        ("license_expires_on", date(2026, 12, 1), "license"),
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


def test_a_license_counts_until_the_day_before_it_expires():
    assert may("charge", replace(READY, license_expires_on=date(2026, 12, 2)), NOW).yes


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
