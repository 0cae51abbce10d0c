"""The free assessment: what is asked, and what the answers add up to."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from config.settings import HOUSE
from service.catalog.queries import catalog, place_of_zip
from service.enrollment.rules.eligibility import (
    OUTCOMES,
    age_on,
    decide,
    next_question,
    program_of,
    questions_asked,
    screen,
)
from service.kit.errors import Rejected

CATALOG = catalog(HOUSE / "config")
FIRST = CATALOG.assessments["first"]
NOW = datetime(2026, 11, 21, 15, tzinfo=UTC)
FINE = {
    "zip": "07102",
    "born_on": "1985-03-27",
    "condition": "ocd",
    "safety": ["none"],
    "blood_pressure": "usual",
    "pressure_readings": [],
    "heart": ["none"],
    "mind": ["none"],
    "pregnancy": "no",
    "substances": ["none"],
    "body": ["none"],
    "medicines": ["none"],
    "tried_medicines": ["none"],
    "therapy": ["none"],
    "earlier_treatments": ["none"],
    "home": ["none"],
}
# What some are asked beside it: an answer to a question that is not asked means nothing.
FURTHER = {"so_far": ["none"], "keeping_steady": "steady", "planning": "yes"}


def around(answers, now=NOW, policies=CATALOG.policies):
    place = place_of_zip(CATALOG, answers["zip"], answers.get("county")) if "zip" in answers else None
    return {"place": place, "now": now, "policies": policies}


def outcome(**changed):
    answers = {**FINE, **FURTHER, **changed}
    return decide(FIRST, answers, **around(answers))


def asked(**answers):
    question = next_question(FIRST, answers, **around(answers))
    return question.id if question else None


def test_someone_with_nothing_in_the_way_is_told_that_they_may_qualify():
    assert outcome().outcome == "eligible"
    assert outcome().hits == ()


def test_the_questions_come_one_by_one_and_end():
    answers = {}
    met = []
    while question := next_question(FIRST, answers, **around(answers)):
        met.append(question.id)
        answers[question.id] = FINE[question.id]
    assert met == list(FINE)
    assert [question.id for question in questions_asked(FIRST, FINE, around(FINE)["place"])] == met


def test_the_county_is_asked_only_where_the_zip_does_not_tell():
    assert asked(zip="07102") == "born_on"
    assert asked(zip="33999") == "county"
    assert asked(zip="32456") == "county"
    assert asked(zip="33999", county="12001") == "born_on"


def test_a_county_of_another_state_is_asked_again():
    assert asked(zip="33999", county="34013") == "county"


def test_another_state_ends_the_assessment_kindly_at_once():
    assert asked(zip="10001") is None
    result = screen(FIRST, {"zip": "10001"}, **around({"zip": "10001"}))
    assert (result.outcome, result.rule_ids, result.may_ask_for_review) == ("not_eligible", ["G-RES"], False)
    assert result.reasons == ("We are not open where you live yet.",)


def test_a_military_address_ends_it_too():
    assert asked(zip="34001") is None


def test_a_birthday_is_counted_on_the_patients_own_calendar():
    young = {"zip": "07102", "born_on": "2008-11-21"}
    evening = datetime(2026, 11, 21, 4, 30, tzinfo=UTC)  # still the 20th in Newark
    assert screen(FIRST, young, **around(young, evening)).rule_ids == ["G-AGE"]
    assert next_question(FIRST, young, **around(young, evening)) is None
    assert screen(FIRST, young, **around(young, datetime(2026, 11, 21, 5, 30, tzinfo=UTC))).rule_ids == []


@pytest.mark.parametrize(
    ("born_on", "day", "age"),
    [
        (date(2008, 11, 21), date(2026, 11, 20), 17),
        (date(2008, 11, 21), date(2026, 11, 21), 18),
        (date(2008, 2, 29), date(2026, 2, 28), 17),
        (date(2008, 2, 29), date(2026, 3, 1), 18),
        (date(2008, 2, 29), date(2028, 2, 29), 20),
    ],
)
def test_age_in_whole_years_and_a_leap_day_counts_on_the_first_of_march(born_on, day, age):
    assert age_on(born_on, day) == age


@pytest.mark.parametrize(
    ("ticked", "rule", "alert"),
    [
        ("cannot_stay_safe", "E1", "RF-SI-ACUTE"),
        ("body_emergency", "E2", "RF-EMERGENCY"),
        ("overdose", "E3", "RF-EMERGENCY"),
        ("unsafe_home", "E4", "RF-EMERGENCY"),
    ],
)
def test_an_emergency_ends_the_assessment_at_once_and_calls_somebody(ticked, rule, alert):
    begun = {"zip": "07102", "born_on": "1985-03-27", "condition": "ocd", "safety": [ticked]}
    assert asked(**begun) is None
    result = decide(FIRST, begun, **around(begun))
    assert (result.outcome, result.rule_ids, result.alerts) == ("emergency", [rule], (alert,))


def test_an_emergency_outweighs_every_other_answer():
    result = outcome(safety=["cannot_stay_safe"], blood_pressure="uncontrolled", born_on="1950-01-01", mind=["bipolar"])
    assert result.outcome == "emergency"
    assert result.rule_ids[0] == "E1"
    assert set(result.rule_ids) == {"E1", "C1", "H6", "C7"}


def test_passive_thoughts_go_to_a_clinician_and_not_past_them():
    result = outcome(safety=["passive_thoughts"])
    assert (result.outcome, result.rule_ids) == ("clinician_review", ["H1"])
    assert "988" in result.reasons[0]


@pytest.mark.parametrize(
    ("question", "value", "rule"),
    [
        ("blood_pressure", "uncontrolled", "C1"),
        ("heart", ["vessels"], "C3"),
        ("heart", ["recent_heart"], "C4"),
        ("mind", ["psychosis"], "C5"),
        ("mind", ["mania"], "C6"),
        ("pregnancy", "yes", "C8"),
        ("substances", ["ketamine"], "C9"),
        ("substances", ["active"], "C9"),
        ("body", ["liver_severe"], "C11"),
        ("body", ["thyroid"], "C12"),
        ("heart", ["pressure_in_head"], "C13"),
        ("body", ["allergy"], "C15"),
        ("medicines", ["oxybate"], "M4-OXYBATE"),
    ],
)
def test_what_makes_treatment_at_home_unsafe_is_a_kind_no_that_a_person_may_look_at(question, value, rule):
    result = outcome(**{question: value})
    assert (result.outcome, result.rule_ids) == ("not_eligible", [rule])
    assert result.may_ask_for_review
    assert not result.ends


@pytest.mark.parametrize(
    ("question", "value", "rule"),
    [
        ("blood_pressure", "treated", "C2"),
        ("blood_pressure", "unknown", "C2"),
        ("heart", ["older_heart"], "C4-OLDER"),
        ("mind", ["bipolar"], "C7"),
        ("mind", ["attempt"], "H2"),
        ("pregnancy", "possible", "C8-POSSIBLE"),
        ("substances", ["recovery"], "C9-RECOVERY"),
        ("body", ["bladder"], "C10"),
        ("medicines", ["maoi"], "M1"),
        ("medicines", ["benzodiazepine"], "M2"),
        ("medicines", ["lamotrigine"], "M3"),
        ("home", ["no_sitter"], "G-SITTER"),
        ("home", ["no_monitor"], "G-BP"),
        ("born_on", "1961-11-21", "H6"),
    ],
)
def test_what_needs_a_second_look_goes_to_a_clinician(question, value, rule):
    assert (outcome(**{question: value}).outcome, outcome(**{question: value}).rule_ids) == (
        "clinician_review",
        [rule],
    )


def test_nobody_is_told_to_stop_a_medicine():
    for value in ("maoi", "benzodiazepine", "oxybate", "sedating"):
        assert "Keep taking" in outcome(medicines=[value]).reasons[0]


def test_chronic_pain_in_florida_is_off_by_policy_and_told_before_more_is_asked():
    begun = {"zip": "33101", "born_on": "1985-03-27", "condition": "chronic_pain"}
    assert asked(**begun) is None
    result = decide(FIRST, begun, **around(begun))
    assert (result.outcome, result.rule_ids, result.may_ask_for_review) == (
        "not_eligible",
        ["G-POLICY"],
        False,
    )


def test_chronic_pain_in_new_jersey_goes_to_a_clinician():
    assert outcome(condition="chronic_pain").rule_ids == ["H7"]


def test_a_policy_that_has_run_out_closes_the_program():
    ended = tuple(
        replace(policy, effective_to=date(2026, 11, 20)) if policy.topic == "program.chronic_pain" else policy
        for policy in CATALOG.policies
    )
    answers = {**FINE, "condition": "chronic_pain"}
    assert decide(FIRST, answers, **around(answers, policies=ended)).rule_ids == ["G-POLICY"]


def test_an_unfinished_assessment_has_no_outcome():
    unfinished = {key: value for key, value in FINE.items() if key != "medicines"}
    with pytest.raises(Rejected) as caught:
        decide(FIRST, unfinished, **around(unfinished))
    assert caught.value.code == "assessment_unfinished"


def test_the_worst_rule_decides_and_milder_reasons_stay_unsaid():
    result = outcome(heart=["vessels"], medicines=["maoi"])
    assert result.outcome == "not_eligible"
    assert len(result.reasons) == 1
    assert [OUTCOMES.index(rule.result) for rule in result.hits] == sorted(
        OUTCOMES.index(r.result) for r in result.hits
    )


def test_the_condition_leads_to_its_program():
    assert program_of(FIRST, FINE) == "ocd"
    assert program_of(FIRST, {}) is None


def test_no_outcome_ever_says_approved_and_no_reason_names_a_disease():
    for rule in FIRST.rules.values():
        text = rule.reason.casefold()
        assert "approved" not in text
        for word in ("schizo", "psychosis", "bipolar", "addict", "invalid", "please"):
            assert word not in text


@pytest.mark.parametrize("zip_code", ["07102", "08999"])
def test_a_state_that_closed_yesterday_is_refused_today_and_no_county_is_asked_for(zip_code):
    shut = tuple(
        replace(rule, effective_to=date(2026, 11, 20)) if (rule.topic, rule.jurisdiction) == ("open", "NJ") else rule
        for rule in CATALOG.policies
    )
    answers = {"zip": zip_code}
    assert next_question(FIRST, answers, **around(answers, policies=shut)) is None
    result = decide(FIRST, answers, **around(answers, policies=shut))
    assert (result.outcome, result.rule_ids, result.may_ask_for_review) == ("not_eligible", ["G-RES"], False)
    florida = {"zip": "33101"}
    assert next_question(FIRST, florida, **around(florida, policies=shut)) is not None


def test_a_state_opens_on_its_day_by_its_own_clock():
    opens = tuple(
        replace(rule, effective_from=date(2026, 11, 22)) if (rule.topic, rule.jurisdiction) == ("open", "NJ") else rule
        for rule in CATALOG.policies
    )
    answers = {"zip": "07102"}
    last_moment = datetime(2026, 11, 22, 4, 59, 59, tzinfo=UTC)
    assert screen(FIRST, answers, **around(answers, last_moment, opens)).rule_ids == ["G-RES"]
    assert screen(FIRST, answers, **around(answers, datetime(2026, 11, 22, 5, tzinfo=UTC), opens)).rule_ids == []
