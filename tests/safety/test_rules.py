"""When an alert climbs, and whom it calls."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from service.catalog.rules.alerts import AlertRule
from service.safety import rules

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
RULE = AlertRule("RF-SI-ACUTE", "Now", 15, ("clinician", "coordinator", "owner"), True, "test")
STAFF = {"clinician": ["Chen"], "coordinator": ["Sam"], "owner": ["Olu"]}


def team(**staff: list[str]) -> dict[str, list[str]]:
    return {"clinician": [], "coordinator": [], "owner": [], **staff}


def test_somebody_must_have_looked_within_the_time_of_the_code():
    assert rules.acknowledge_by(RULE, NOON) == NOON + timedelta(minutes=15)


def test_the_next_person_is_called_after_half_the_time_and_the_director_at_its_end():
    assert rules.leaves_level_at(RULE, 0, NOON) == NOON + timedelta(minutes=7)
    assert rules.leaves_level_at(RULE, 1, NOON) == NOON + timedelta(minutes=15)


def test_after_the_director_an_alert_comes_back_once_a_day():
    assert rules.leaves_level_at(RULE, 2, NOON) == NOON + timedelta(minutes=15, days=1)
    assert rules.leaves_level_at(RULE, 3, NOON) == NOON + timedelta(minutes=15, days=2)


def test_a_late_tick_still_goes_to_the_director_but_does_not_make_up_for_missed_days():
    late = NOON + timedelta(days=3)
    assert rules.next_climb(RULE, 1, NOON, late) == NOON + timedelta(minutes=15)
    assert rules.next_climb(RULE, 2, NOON, late) == NOON + timedelta(minutes=15, days=3)


def test_each_step_calls_its_own_role():
    assert [rules.people(RULE, level, STAFF.__getitem__) for level in range(3)] == [["Chen"], ["Sam"], ["Olu"]]


def test_after_the_last_step_everybody_is_called():
    assert rules.people(RULE, 3, STAFF.__getitem__) == ["Chen", "Sam", "Olu"]


def test_a_role_nobody_holds_passes_the_call_on():
    assert rules.people(RULE, 0, team(owner=["Olu"]).__getitem__) == ["Olu"]


def test_the_last_step_without_a_director_calls_whoever_is_there():
    assert rules.people(RULE, 2, team(clinician=["Chen"]).__getitem__) == ["Chen"]
