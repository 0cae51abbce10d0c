"""Texts a patient signs: which one, in which state, and exactly which words."""

from __future__ import annotations

from datetime import date

import pytest

from config.settings import HOUSE
from service.catalog.queries import catalog, consents_for
from service.catalog.rules.consents import canonical, newest_for, read_consent, render

CATALOG = catalog(HOUSE / "config")
TODAY = date(2026, 11, 21)


def document(key: str, state: str = "FL"):
    return next(d for d in consents_for(CATALOG, state, TODAY) if d.key == key)


def a_text(file: str, effective_on: str = "2026-01-01", body: str = "Words."):
    head = (
        f'title = "T"\nin_short = "S"\nstatement = "Yes."\nblocking = true\norder = 1\neffective_on = {effective_on}\n'
    )
    head += 'when = "after_approval"\ntaking_back = "Nothing follows."'
    if not file.endswith("-v1.md"):
        head += '\nchanges = "A sentence."'
    return read_consent(f"consents/{file}", f"+++\n{head}\n+++\n{body}\n")


def test_the_electronic_records_disclosure_comes_first_and_what_is_only_offered_last():
    keys = [d.key for d in consents_for(CATALOG, "FL", TODAY)]
    assert keys == [
        "esign",
        "telehealth",
        "npp_ack",
        "comm_email",
        "ketamine_treatment",
        "controlled_substance_agreement",
        "gfe_ack",
        "financial",
        "sitter_ack",
        "roi_doctor",
        "roi_therapist",
        "roi_contact",
        "marketing",
    ]


def test_each_text_says_when_it_is_asked_for_and_what_taking_it_back_means():
    when = {d.key: d.when for d in CATALOG.consents}
    assert when["comm_email"] == "joining"
    assert {when[key] for key in ("esign", "telehealth", "npp_ack")} == {"before_visit"}
    treatment = ("ketamine_treatment", "controlled_substance_agreement", "financial", "gfe_ack")
    assert {when[key] for key in treatment} == {"after_approval"}
    assert when["sitter_ack"] == "before_session"
    assert {when[key] for key in ("roi_doctor", "roi_therapist", "roi_contact", "marketing")} == {"optional"}
    assert all(len(d.taking_back.split()) >= 12 for d in CATALOG.consents)
    assert {d.key for d in CATALOG.consents if d.stops == "care"} == {
        "ketamine_treatment",
        "controlled_substance_agreement",
    }


def test_nothing_that_is_only_offered_or_only_acknowledged_stops_care():
    for key in ("npp_ack", "gfe_ack", "roi_doctor", "roi_therapist", "roi_contact", "marketing"):
        assert not document(key).blocking


@pytest.mark.parametrize("text", CATALOG.consents, ids=lambda d: f"{d.key}{d.state}")
def test_no_text_promises_a_cure(text):
    said = " ".join(f"{text.in_short} {text.body}".split()).lower()
    for promise in ("cures", "guarantee", "proven to", "risk-free", "will get better", "miracle"):
        assert promise not in said
    assert "please" not in said


def test_in_new_jersey_a_patient_reads_that_they_may_ask_for_a_physician():
    assert "ask for a physician" in document("telehealth", "NJ").body
    assert "ask for a physician" not in document("telehealth", "FL").body
    assert document("telehealth", "NJ").sha256 != document("telehealth", "FL").sha256


def test_the_treatment_consent_says_what_the_law_and_honesty_ask():
    body = document("ketamine_treatment").body
    for said in (
        "not approved by the FDA",
        "off-label",
        "promise",
        "Bladder",
        "slowed or stopped breathing",
        "sober adult",
        "No driving",
        "other choices",
        "stop at any later time",
        "911",
        "988",
        "OCD",
        "Misuse",
    ):
        assert said in " ".join(body.split()) or said in body


def test_the_price_is_agreed_to_with_amount_interval_dates_and_the_way_out():
    values = {
        "plan_name": "Monthly membership",
        "price": "$250",
        "interval": "month",
        "first_charge_on": "November 21, 2026",
        "next_charge_on": "December 21, 2026",
        "practice": "Homeward",
        "statement_name": "HOMEWARD",
        "support_email": "hello@homeward.example",
        "support_phone": "(305) 555-0142",
    }
    rendered = render(document("financial"), values)
    assert "$250 every month" in rendered.text
    assert "How to cancel" in rendered.body
    assert "November 21, 2026" in rendered.statement
    assert "{{" not in rendered.text
    assert rendered.sha256 != render(document("financial"), {**values, "price": "$349"}).sha256


def test_a_text_with_a_blank_left_open_can_not_be_shown():
    with pytest.raises(KeyError):
        render(document("financial"), {"price": "$250"})


def test_line_ends_and_ways_to_write_an_accent_do_not_change_what_was_signed():
    assert canonical("e\u0301\r\nb\r") == "é\nb\n"
    assert a_text("a-v1.md", body="Señor\r\n").sha256 == a_text("a-v1.md", body="Sen\u0303or").sha256


def test_one_changed_word_changes_the_hash():
    assert a_text("a-v1.md", body="You may stop.").sha256 != a_text("a-v1.md", body="You must stop.").sha256


def test_a_new_version_counts_from_its_day_and_not_before():
    texts = (a_text("a-v1.md"), a_text("a-v2.md", "2026-12-01"))
    assert [d.version for d in newest_for(texts, "FL", date(2026, 11, 30))] == [1]
    assert [d.version for d in newest_for(texts, "FL", date(2026, 12, 1))] == [2]


def test_a_states_own_text_replaces_the_general_one_even_a_newer_one():
    texts = (a_text("a-v2.md"), a_text("a-nj-v1.md"))
    assert [(d.state, d.version) for d in newest_for(texts, "NJ", TODAY)] == [("NJ", 1)]
    assert [(d.state, d.version) for d in newest_for(texts, "FL", TODAY)] == [("", 2)]


def test_a_text_not_yet_in_force_is_shown_to_nobody():
    assert newest_for((a_text("a-v1.md", "2027-01-01"),), "FL", TODAY) == ()
