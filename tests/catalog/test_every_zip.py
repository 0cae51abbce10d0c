"""Every ZIP code of the package's list, and every one it leaves out: where it is, or an honest question, or a no."""

from __future__ import annotations

from collections import defaultdict
from zoneinfo import ZoneInfo

import pytest
import zipcodes

from config.settings import HOUSE
from service.catalog.queries import catalog
from service.catalog.rules.places import AskCounty, Found, Military, NotServed, ZipRow, place

CATALOG = catalog(HOUSE / "config")
EVERY = zipcodes.list_all()
STATES = CATALOG.states


def row_of(listed):
    military = listed["zip_code_type"] == "MILITARY"
    return ZipRow(listed["zip_code"], listed["state"], listed["county"] or "", listed["city"], military)


ANSWERS = [(listed, place(STATES, listed["zip_code"], row_of(listed))) for listed in EVERY]
FIRST_THREE = sorted({prefix for state in STATES.values() for prefix in state.zip_prefixes})


def test_the_list_is_the_whole_country_and_says_each_code_once():
    assert len(EVERY) > 42_000
    assert len({listed["zip_code"] for listed in EVERY}) == len(EVERY)


def test_no_zip_of_another_state_is_ever_served_and_none_of_ours_is_refused():
    for listed, answer in ANSWERS:
        if listed["state"] not in STATES:
            assert isinstance(answer, NotServed | Military), listed["zip_code"]
        else:
            assert isinstance(answer, Found | AskCounty | Military), listed["zip_code"]
            assert isinstance(answer, Military) or answer.state == listed["state"]


def test_military_post_is_refused_without_a_question_wherever_the_list_files_it():
    post = [(listed, answer) for listed, answer in ANSWERS if isinstance(answer, Military)]
    assert {"NJ", "AA", "AE", "AP"} <= {listed["state"] for listed, _ in post}
    assert all(
        listed["zip_code_type"] == "MILITARY"
        or listed["state"] in ("AA", "AE", "AP")
        or listed["city"].casefold() in ("apo", "dpo", "fpo")
        for listed, _ in post
    )


@pytest.mark.parametrize(("code", "number"), [("FL", 67), ("NJ", 21)])
def test_each_county_is_reached_by_some_zip_under_whatever_spelling(code, number):
    reached = defaultdict(set)
    for listed, answer in ANSWERS:
        if isinstance(answer, Found) and answer.state == code:
            reached[answer.county.fips].add(listed["county"])
    assert len(reached) == number == len(STATES[code].counties)
    if code == "FL":
        assert reached["12027"] == {"DeSoto County", "Desoto County"}


def test_a_zip_of_ours_whose_county_the_list_leaves_blank_is_asked_and_any_county_of_the_state_answers():
    blank = [answer for listed, answer in ANSWERS if listed["state"] in STATES and not listed["county"]]
    asked = [answer for answer in blank if isinstance(answer, AskCounty)]
    assert len(asked) >= 7
    assert all(isinstance(answer, AskCounty | Military) for answer in blank)
    for answer in asked:
        for county in STATES[answer.state].counties:
            row = ZipRow(answer.zip_code, answer.state, "", "", military=False)
            chosen = place(STATES, answer.zip_code, row, county.fips)
            assert isinstance(chosen, Found)
            assert (chosen.county, chosen.asked) == (county, True)


def test_only_what_lies_in_a_split_county_has_to_be_confirmed():
    for _, answer in ANSWERS:
        if isinstance(answer, Found) and answer.needs_confirmation:
            assert answer.county.split
    confirmed = {answer.zip_code for _, answer in ANSWERS if isinstance(answer, Found) and answer.needs_confirmation}
    assert {"32456", "32457"} <= confirmed
    assert "32465" not in confirmed  # all of Wewahitchka keeps Central time


def test_the_county_gives_the_zone_that_the_list_gives_the_zip():
    for listed, answer in ANSWERS:
        if isinstance(answer, Found):
            assert answer.time_zone == listed["timezone"], listed["zip_code"]
            ZoneInfo(answer.time_zone)


def test_the_first_three_digits_of_each_state_are_those_its_file_names():
    for listed, answer in ANSWERS:
        if isinstance(answer, Found | AskCounty):
            assert listed["zip_code"].startswith(STATES[answer.state].zip_prefixes)


def test_every_code_with_our_first_three_digits_is_answered_listed_or_not():
    listed = {answer["zip_code"] for answer in EVERY}
    for prefix in FIRST_THREE:
        for last in range(100):
            zip_code = f"{prefix}{last:02d}"
            if zip_code not in listed:
                assert isinstance(place(STATES, zip_code, None), AskCounty)


def test_every_unlisted_code_elsewhere_is_refused_and_military_ones_are_asked_nothing():
    listed = {answer["zip_code"] for answer in EVERY}
    for prefix in range(1000):
        zip_code = f"{prefix:03d}99"
        if zip_code not in listed and zip_code[:3] not in FIRST_THREE:
            wanted = Military if zip_code.startswith("340") else NotServed
            assert isinstance(place(STATES, zip_code, None), wanted), zip_code
