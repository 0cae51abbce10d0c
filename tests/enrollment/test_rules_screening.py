"""Every rule of domain.md 2.3 and what sets it off, in one table; whom each question is meant for."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest

from config.settings import HOUSE
from service.catalog.queries import catalog, place_of_zip
from service.enrollment.rules.eligibility import decide, fitting, next_question, program_of, questions_asked, screen
from service.enrollment.rules.pressure import readings, rules_of, very_high
from service.kit.errors import Rejected

CATALOG = catalog(HOUSE / "config")
FIRST = CATALOG.assessments["first"]
NOW = datetime(2026, 11, 21, 15, tzinfo=UTC)
CONDITIONS = ("ocd", "depression", "anxiety", "ptsd", "chronic_pain")
FINE: dict[str, str | list[str]] = {
    "zip": "07102",
    "born_on": "1985-03-27",
    "condition": "ocd",
    "safety": ["none"],
    "blood_pressure": "usual",
    "pressure_readings": [],
    "just_now": "well",
    "heart": ["none"],
    "mind": ["none"],
    "keeping_steady": "steady",
    "highs": "no",
    "losing_track": "no",
    "so_far": ["none"],
    "pregnancy": "no",
    "planning": "yes",
    "substances": ["none"],
    "body": ["none"],
    "medicines": ["none"],
    "tried_medicines": ["none"],
    "how_it_went": ["none"],
    "therapy": ["none"],
    "earlier_treatments": ["none"],
    "home": ["none"],
}
STOP, REVIEW, HELP = "not_eligible", "clinician_review", "emergency"
# (rule, the answers that set it off, what it leads to, every rule that is then set off)
TABLE = [
    ("G-AGE", {"born_on": "2008-11-22"}, STOP, ["G-AGE"]),
    ("G-RES", {"zip": "10001"}, STOP, ["G-RES"]),
    ("G-POLICY", {"zip": "33101", "condition": "chronic_pain"}, STOP, ["G-POLICY"]),
    ("G-SITTER", {"home": ["no_sitter"]}, REVIEW, ["G-SITTER"]),
    ("G-BP", {"home": ["no_monitor"]}, REVIEW, ["G-BP"]),
    ("E1", {"safety": ["cannot_stay_safe"]}, HELP, ["E1"]),
    ("E2", {"safety": ["body_emergency"]}, HELP, ["E2"]),
    ("E2", {"pressure_readings": ["185/95"], "just_now": "symptoms"}, HELP, ["E2", "C2"]),
    ("E3", {"safety": ["overdose"]}, HELP, ["E3"]),
    ("E4", {"safety": ["unsafe_home"]}, HELP, ["E4"]),
    ("C1", {"blood_pressure": "uncontrolled"}, STOP, ["C1"]),
    ("C1", {"pressure_readings": ["160/80", "150/100"]}, STOP, ["C1"]),
    ("C2", {"blood_pressure": "treated"}, REVIEW, ["C2"]),
    ("C2", {"blood_pressure": "unknown"}, REVIEW, ["C2"]),
    ("C2", {"pressure_readings": ["170/95"]}, REVIEW, ["C2"]),
    ("C3", {"heart": ["vessels"]}, STOP, ["C3"]),
    ("C4", {"heart": ["recent_heart"]}, STOP, ["C4"]),
    ("C4-OLDER", {"heart": ["older_heart"]}, REVIEW, ["C4-OLDER"]),
    ("C5", {"mind": ["psychosis"]}, STOP, ["C5"]),
    ("C5-SUBSTANCE", {"mind": ["psychosis_substance"]}, REVIEW, ["C5-SUBSTANCE"]),
    ("C5-FAMILY", {"mind": ["family_psychosis"]}, REVIEW, ["C5-FAMILY"]),
    ("C6", {"mind": ["mania"]}, STOP, ["C6"]),
    ("C7", {"mind": ["bipolar"]}, REVIEW, ["C7"]),
    ("C7-UNSETTLED", {"mind": ["bipolar"], "keeping_steady": "recent"}, REVIEW, ["C7", "C7-UNSETTLED"]),
    ("C7-UNSETTLED", {"mind": ["bipolar"], "keeping_steady": "none"}, REVIEW, ["C7", "C7-UNSETTLED"]),
    ("C7-HIGHS", {"condition": "depression", "highs": "yes"}, REVIEW, ["C7-HIGHS"]),
    ("C8", {"pregnancy": "yes"}, STOP, ["C8"]),
    ("C8-POSSIBLE", {"pregnancy": "possible"}, REVIEW, ["C8-POSSIBLE"]),
    ("C9", {"substances": ["ketamine"]}, STOP, ["C9"]),
    ("C9", {"substances": ["active"]}, STOP, ["C9"]),
    ("C9-RECOVERY", {"substances": ["recovery"]}, REVIEW, ["C9-RECOVERY"]),
    ("C10", {"body": ["bladder"]}, REVIEW, ["C10"]),
    ("C10-KETAMINE", {"body": ["bladder_ketamine"]}, STOP, ["C10-KETAMINE"]),
    ("C11", {"body": ["liver_severe"]}, STOP, ["C11"]),
    ("C11-OTHER", {"body": ["liver_other"]}, REVIEW, ["C11-OTHER"]),
    ("C12", {"body": ["thyroid"]}, STOP, ["C12"]),
    ("C13", {"heart": ["pressure_in_head"]}, STOP, ["C13"]),
    ("C14", {"body": ["other"]}, REVIEW, ["C14"]),
    ("C15", {"body": ["allergy"]}, STOP, ["C15"]),
    ("C16", {"mind": ["memory"]}, STOP, ["C16"]),
    ("C17", {"mind": ["dissociation"]}, REVIEW, ["C17"]),
    ("C17", {"condition": "ptsd", "losing_track": "often"}, REVIEW, ["C17"]),
    ("M1", {"medicines": ["maoi"]}, REVIEW, ["M1"]),
    ("M2", {"medicines": ["benzodiazepine"]}, REVIEW, ["M2"]),
    ("M3", {"medicines": ["lamotrigine"]}, REVIEW, ["M3"]),
    ("M4", {"medicines": ["sedating"]}, REVIEW, ["M4"]),
    ("M4", {"condition": "chronic_pain", "so_far": ["opioid"]}, REVIEW, ["H7", "M4"]),
    ("M4-OXYBATE", {"medicines": ["oxybate"]}, STOP, ["M4-OXYBATE"]),
    ("M5", {"medicines": ["stimulant"]}, REVIEW, ["M5"]),
    ("M6", {"medicines": ["airways"]}, REVIEW, ["M6"]),
    ("M7", {"medicines": ["enzymes"]}, REVIEW, ["M7"]),
    ("M8", {"medicines": ["other"]}, REVIEW, ["M8"]),
    ("H1", {"safety": ["passive_thoughts"]}, REVIEW, ["H1"]),
    ("H2", {"mind": ["attempt"]}, REVIEW, ["H2"]),
    ("H3", {"home": ["alone_with_child"]}, REVIEW, ["H3"]),
    ("H4", {"home": ["safety_work"]}, REVIEW, ["H4"]),
    ("H5", {"medicines": ["elsewhere"]}, REVIEW, ["H5"]),
    ("H6", {"born_on": "1961-11-21"}, REVIEW, ["H6"]),
    ("H7", {"condition": "chronic_pain"}, REVIEW, ["H7"]),
]


def at(answers: dict[str, str | list[str]]) -> dict:
    place = place_of_zip(CATALOG, str(answers["zip"]), None) if "zip" in answers else None
    return {"place": place, "now": NOW, "policies": CATALOG.policies}


@pytest.mark.parametrize(("rule", "changed", "outcome", "hits"), TABLE)
def test_each_rule_is_set_off_by_its_answer_and_leads_where_it_must(rule, changed, outcome, hits):
    answers = {**FINE, **changed}
    result = decide(FIRST, answers, **at(answers))
    assert (result.outcome, result.rule_ids) == (outcome, hits)
    assert rule in hits


def test_no_rule_is_missing_from_the_table():
    assert {row[0] for row in TABLE} == set(FIRST.rules)


def test_the_address_of_a_question_tells_nobody_which_answer_led_there():
    telling = re.compile("mood|bipolar|contracep|pregnan|pressure|pain|depress|anxi|ptsd|ocd|opioid|drug|suicid")
    assert [question.id for question in FIRST.questions if question.when and telling.search(question.id)] == []


def test_whoever_thinks_of_it_now_means_to_or_has_a_plan_or_the_means_finds_the_answer_that_calls_for_help():
    """domain.md 2.3, E1: intent, plan, means, cannot stay safe, or the ASQ's "right now"."""
    safety = FIRST.question("safety")
    assert safety is not None
    by_rule = {rule: choice.label for choice in safety.choices for rule in choice.rules}
    for said in ("right now", "intend to", "a plan", "what I would use", "cannot keep myself safe"):
        assert said in by_rule["E1"]
    for said in ("no plan", "do not intend to", "can keep myself safe"):
        assert said in by_rule["H1"], "the milder answer fits nobody who needs the other"


@pytest.mark.parametrize("condition", CONDITIONS)
def test_each_condition_leads_to_its_program_and_asks_what_matters_for_it(condition):
    answers = {**FINE, "condition": condition}
    assert program_of(FIRST, answers) == condition
    own = {"highs": "depression", "losing_track": "ptsd", "so_far": "chronic_pain"}
    met = {question.id for question in questions_asked(FIRST, answers, at(answers)["place"])}
    assert {name for name in own if name in met} == {name for name, of in own.items() if of == condition}
    assert ("therapy" in met) == ("tried_medicines" in met) == (condition != "chronic_pain")
    assert "earlier_treatments" in met


TREATMENTS = [
    (question.id, choice.value)
    for question in FIRST.questions
    if question.id in ("tried_medicines", "how_it_went", "therapy", "earlier_treatments")
    for choice in question.choices
]


@pytest.mark.parametrize(("question", "value"), TREATMENTS)
def test_what_somebody_has_tried_before_informs_and_excludes_nobody(question, value):
    tried = {"tried_medicines": ["sertraline"]} if question == "how_it_went" else {}
    answers = {**FINE, **tried, question: [value]}
    assert question in {one.id for one in questions_asked(FIRST, answers, at(answers)["place"])}
    assert decide(FIRST, answers, **at(answers)).outcome == "eligible"


def test_an_answer_to_a_question_that_is_not_asked_means_nothing():
    answers = {**FINE, "highs": "yes", "losing_track": "often", "so_far": ["opioid"], "keeping_steady": "none"}
    assert decide(FIRST, answers, **at(answers)).outcome == "eligible"
    assert screen(FIRST, answers, **at(answers)).rule_ids == []


def test_another_condition_takes_back_the_answers_that_hung_on_the_first():
    answers = {**FINE, "condition": "chronic_pain", "so_far": ["opioid"]}
    kept = fitting(FIRST, answers, at(answers)["place"])
    assert "so_far" in kept
    changed = fitting(FIRST, {**kept, "condition": "ptsd"}, at(answers)["place"])
    assert "so_far" not in changed
    assert next_question(FIRST, changed, **at(changed)).id == "losing_track"


def test_a_very_high_reading_asks_at_once_whether_this_is_an_emergency():
    begun = {key: FINE[key] for key in ("zip", "born_on", "condition", "safety", "blood_pressure")}
    assert next_question(FIRST, {**begun, "pressure_readings": ["181/90"]}, **at(begun)).id == "just_now"
    assert next_question(FIRST, {**begun, "pressure_readings": ["180/120"]}, **at(begun)).id == "heart"
    asked = FIRST.question("just_now")
    assert "call 911 now" in asked.hint


@pytest.mark.parametrize(
    ("typed", "rules"),
    [
        ([], []),
        (["140/90"], []),
        (["141/90"], ["C2"]),
        (["140/91"], ["C2"]),
        (["170/95"], ["C2"]),
        (["170/95", "150/90"], ["C2"]),
        (["170/95", "120/80"], ["C2"]),
        (["160/80", "160/80"], ["C1"]),
        (["159/99", "159/99"], ["C2"]),
        (["120/100", "165/70"], ["C1"]),
        (["200/110"], ["C2"]),
        (["120/80", "118/76"], []),
    ],
)
def test_typed_numbers_say_what_the_rules_say(typed, rules):
    assert rules_of(typed) == rules


@pytest.mark.parametrize(("typed", "answer"), [("181/90", True), ("150/121", True), ("180/120", False)])
def test_above_180_or_above_120_is_very_high(typed, answer):
    assert very_high([typed]) is answer


@pytest.mark.parametrize("typed", ["170/95", " 170 / 95 ", "170 95", "170 over 95", "170-95"])
def test_a_reading_is_understood_however_it_is_written(typed):
    assert readings([typed, ""]) == ["170/95"]


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("120/121", "reading_swapped"),
        ("80/120", "reading_swapped"),
        ("120/120", "reading_swapped"),
        ("301/90", "reading_implausible"),
        ("59/40", "reading_implausible"),
        ("120/29", "reading_implausible"),
        ("120", "reading_unreadable"),
        ("120/", "reading_unreadable"),
        ("one hundred", "reading_unreadable"),
        ("1200/80", "reading_unreadable"),
        ("١٢٠/٨٠", "reading_unreadable"),
        ("-120/80", "reading_unreadable"),
        ("120/80/60", "reading_unreadable"),
        ("9" * 5000, "reading_unreadable"),
    ],
)
def test_a_reading_nobody_can_have_is_refused_with_a_sentence_that_helps(typed, code):
    with pytest.raises(Rejected) as caught:
        readings([typed])
    assert caught.value.code == code
    assert "120/80" in caught.value.message


def test_a_second_reading_alone_counts_as_one():
    assert readings(["", "170/95"]) == ["170/95"]
