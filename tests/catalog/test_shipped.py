"""What we ship: prices, programs, policies, red flags and reminders agree with each other and the specification."""

from __future__ import annotations

from dataclasses import FrozenInstanceError
from datetime import date, timedelta

import pytest

from config.settings import HOUSE
from service.catalog.queries import catalog, policy_on
from service.catalog.rules.dated import Pdmp

CATALOG = catalog(HOUSE / "config")
TODAY = date(2026, 11, 21)


def test_the_catalog_is_read_once_and_cannot_be_changed():
    assert catalog(HOUSE / "config") is CATALOG
    with pytest.raises(FrozenInstanceError):
        CATALOG.plans["monthly"].price_cents = 1
    with pytest.raises(TypeError):
        CATALOG.plans["cheap"] = None


def test_from_250_dollars_is_true():
    assert CATALOG.from_price_cents == 25000
    assert CATALOG.open_plans[0].key == "monthly"
    assert CATALOG.open_plans[0].stripe_lookup_key == "homeward_monthly"


def test_what_a_card_statement_or_the_payment_company_sees_names_no_condition():
    for plan in CATALOG.plans.values():
        text = f"{plan.key} {plan.name} {plan.stripe_lookup_key}".casefold()
        for word in ("ketamine", "ocd", "depress", "anxiety", "ptsd", "pain", "health", "therapy", "medic"):
            assert word not in text


def test_there_is_a_program_for_each_condition_and_the_assessment_leads_to_it():
    conditions = CATALOG.assessments["first"].question("condition")
    assert {choice.program for choice in conditions.choices} == set(CATALOG.programs)
    assert {program.condition for program in CATALOG.programs.values()} == {
        "ocd",
        "depression",
        "anxiety",
        "ptsd",
        "chronic_pain",
    }


def test_every_program_asks_the_phq_9_every_two_weeks_because_it_holds_the_safety_item():
    for program in CATALOG.programs.values():
        (cadence,) = [cadence for cadence in program.cadences if cadence.instrument == "phq9"]
        assert cadence.every_days == 14


def test_the_federal_authority_ends_with_the_year_and_nobody_extended_it():
    topic = "federal_telemedicine_authority"
    assert policy_on(CATALOG, topic, "US", date(2026, 12, 31)).value is True
    assert policy_on(CATALOG, topic, "US", date(2027, 1, 1)) is None
    assert "90 FR 61301" in policy_on(CATALOG, topic, "US", date(2026, 6, 1)).source


def test_chronic_pain_is_off_in_florida_until_counsel_signs():
    assert CATALOG.states["FL"].program_on("chronic_pain", TODAY) == "off"
    assert CATALOG.states["NJ"].program_on("chronic_pain", TODAY) == "review"
    assert "chronic_pain" not in CATALOG.states["FL"].programs_on(TODAY)
    assert set(CATALOG.states["NJ"].programs_on(TODAY)) == set(CATALOG.programs)


def test_each_state_names_its_monitoring_program_and_keeps_records_seven_years():
    assert CATALOG.states["FL"].pdmp_on(TODAY) == Pdmp("E-FORCSE", timedelta(hours=24))
    assert CATALOG.states["NJ"].pdmp_on(TODAY) == Pdmp("NJPMP", timedelta(hours=24))
    assert {state.retention_years_on(TODAY) for state in CATALOG.states.values()} == {7}


def test_new_jersey_wants_patients_told_that_they_may_ask_for_a_physician_and_florida_asks_for_nothing():
    assert set(CATALOG.states["NJ"].disclosures_on(TODAY)) == {"physician"}
    assert "You may ask for a physician at any time, and if you do" in CATALOG.states["NJ"].notice_on(TODAY)
    assert CATALOG.states["FL"].notice_on(TODAY) == ""


def test_schedule_three_needs_a_dea_registration_everywhere_and_new_jersey_its_own_beside_it():
    assert CATALOG.states["FL"].registrations_on(TODAY) == ("dea",)
    assert CATALOG.states["NJ"].registrations_on(TODAY) == ("dea", "cds")


def test_a_registration_for_telehealth_from_elsewhere_counts_in_florida_alone():
    assert "out_of_state_telehealth" in CATALOG.states["FL"].licenses_on(TODAY)
    assert "out_of_state_telehealth" not in CATALOG.states["NJ"].licenses_on(TODAY)


def test_every_dated_rule_says_where_it_comes_from_and_the_policies_hold_the_states_own():
    own = [rule for state in CATALOG.states.values() for rule in state.rules]
    assert set(own) < set(CATALOG.policies)
    assert [rule for rule in CATALOG.policies if len(rule.source) < 10] == []
    assert {rule.jurisdiction for rule in CATALOG.policies} == {"US", *CATALOG.states}


@pytest.mark.parametrize(("code", "minutes"), [("RF-SI-ACUTE", 15), ("RF-SI", 240), ("RF-SI-LOW", 1440)])
def test_a_thought_of_suicide_holds_everything_and_climbs_at_half_its_time(code, minutes):
    rule = CATALOG.alerts[code]
    assert rule.acknowledge_minutes == minutes
    assert rule.holds
    assert rule.minutes_until_level(1) == minutes // 2
    assert rule.minutes_until_level(2) == minutes
    assert rule.minutes_until_level(len(rule.roles)) is None


def test_the_phq_9_has_its_nine_items_its_order_and_its_thanks():
    phq9 = CATALOG.instruments["phq9"]
    assert [item.id for item in phq9.scored_items] == [str(number) for number in range(1, 10)]
    assert phq9.scored_items[0].text == "Little interest or pleasure in doing things"
    assert "hurting yourself" in phq9.scored_items[8].text
    assert [option.label for option in phq9.items[0].options] == [
        "Not at all",
        "Several days",
        "More than half the days",
        "Nearly every day",
    ]
    assert "Spitzer" in phq9.attribution
    assert "Pfizer" in phq9.attribution


def test_no_measure_is_shipped_whose_licence_forbids_it():
    assert set(CATALOG.instruments) == {"phq9", "gad7", "peg", "pcl5"}


def test_a_check_in_is_nudged_on_the_day_and_once_more_and_then_left_to_people():
    ladder = CATALOG.reminders.ladders["check_in"]
    assert [step.after_days for step in ladder.steps] == [0, 1]
    assert ladder.give_up_after_days == 3
