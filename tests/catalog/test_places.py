"""Where a ZIP code is, and the two states the clinic serves."""

from __future__ import annotations

import time

import pytest
import zipcodes

from config.settings import HOUSE
from service.catalog.queries import catalog, place_of_zip
from service.catalog.rules.places import AskCounty, Found, Military, NotAZip, NotServed, ZipRow, place
from service.catalog.rules.states import plain

CATALOG = catalog(HOUSE / "config")


@pytest.mark.parametrize(
    ("zip_code", "state", "county", "time_zone", "needs_confirmation"),
    [
        ("07102", "NJ", "Essex", "America/New_York", False),
        ("33101", "FL", "Miami-Dade", "America/New_York", False),
        ("32501", "FL", "Escambia", "America/Chicago", False),
        ("32465", "FL", "Gulf", "America/Chicago", False),
        ("32456", "FL", "Gulf", "America/New_York", True),
    ],
)
def test_a_zip_we_serve_tells_state_county_and_local_time(zip_code, state, county, time_zone, needs_confirmation):
    answer = place_of_zip(CATALOG, zip_code)
    assert isinstance(answer, Found)
    assert (answer.state, answer.county.name, answer.time_zone) == (state, county, time_zone)
    assert answer.needs_confirmation is needs_confirmation


@pytest.mark.parametrize(("code", "number"), [("FL", 67), ("NJ", 21)])
def test_every_county_of_both_states_is_reached_by_some_zip(code, number):
    reached = set()
    for row in zipcodes.filter_by(state=code):
        answer = place_of_zip(CATALOG, row["zip_code"])
        if isinstance(answer, Found):
            assert answer.state == code
            reached.add(answer.county.fips)
    assert len(reached) == number
    assert reached == {county.fips for county in CATALOG.states[code].counties}


def test_every_county_the_zip_list_names_is_one_of_ours_however_it_is_spelt():
    for code, state in CATALOG.states.items():
        named = {row["county"] for row in zipcodes.filter_by(state=code) if row["county"]}
        assert [name for name in named if state.county_named(name) is None] == []


def test_two_spellings_of_one_county_are_one_county():
    assert plain("DeSoto County") == plain("Desoto County") == plain("De Soto")
    assert plain("St. Johns") != plain("St. Lucie")


@pytest.mark.parametrize("zip_code", ["33999", "08999", "33106"])
def test_a_zip_of_ours_that_does_not_tell_the_county_is_asked_not_refused(zip_code):
    answer = place_of_zip(CATALOG, zip_code)
    assert isinstance(answer, AskCounty)
    county = CATALOG.states[answer.state].counties[0]
    chosen = place_of_zip(CATALOG, zip_code, county.fips)
    assert isinstance(chosen, Found)
    assert (chosen.county, chosen.asked, chosen.needs_confirmation) == (county, True, False)


def test_a_county_of_the_other_state_does_not_answer_the_question():
    assert isinstance(place_of_zip(CATALOG, "33999", "34013"), AskCounty)
    assert isinstance(place_of_zip(CATALOG, "33999", "not a county"), AskCounty)


def test_a_clear_zip_is_not_overruled_by_a_county_answer():
    answer = place_of_zip(CATALOG, "07102", "34003")
    assert isinstance(answer, Found)
    assert answer.county.name == "Essex"


def test_mexico_beach_behind_a_port_st_joe_zip_lives_on_central_time():
    answer = place_of_zip(CATALOG, "32456", "12005")
    assert isinstance(answer, Found)
    assert (answer.county.name, answer.time_zone, answer.needs_confirmation) == (
        "Bay",
        "America/Chicago",
        False,
    )


@pytest.mark.parametrize("zip_code", ["34001", "34099", "09905", "96201"])
def test_a_military_address_is_known_and_asked_nothing_more(zip_code):
    assert isinstance(place_of_zip(CATALOG, zip_code), Military)


@pytest.mark.parametrize(("zip_code", "state"), [("10001", "NY"), ("00000", None), ("10004", "NY"), ("31501", "GA")])
def test_a_zip_outside_the_two_states_is_not_served(zip_code, state):
    assert place_of_zip(CATALOG, zip_code) == NotServed(zip_code, state)


@pytest.mark.parametrize("typed", ["", "0710", "071022", "ABCDE", "٠٧١٠٢", "07102-", "07102; drop"])
def test_what_is_no_zip_is_said_to_be_none(typed):
    assert isinstance(place_of_zip(CATALOG, typed), NotAZip)


@pytest.mark.parametrize("typed", [" 07102 ", "07102-1234", "071021234", "07102 1234"])
def test_spaces_and_zip_plus_four_are_understood(typed):
    answer = place_of_zip(CATALOG, typed)
    assert isinstance(answer, Found)
    assert answer.zip_code == "07102"


def test_a_state_without_a_file_is_not_served_though_the_list_knows_it():
    florida = {"FL": CATALOG.states["FL"]}
    row = ZipRow("07102", "NJ", "Essex County", "Newark", military=False)
    assert place(florida, "07102", row) == NotServed("07102", "NJ")


def test_the_counties_on_central_time_are_the_nine_of_the_panhandle():
    florida = CATALOG.states["FL"]
    central = {county.name for county in florida.counties if county.time_zone == "America/Chicago"}
    assert central == {
        "Bay",
        "Calhoun",
        "Escambia",
        "Holmes",
        "Jackson",
        "Okaloosa",
        "Santa Rosa",
        "Walton",
        "Washington",
    }
    assert [county.name for county in florida.counties if county.split] == ["Gulf"]
    assert {county.time_zone for county in CATALOG.states["NJ"].counties} == {"America/New_York"}


def test_fips_codes_carry_their_state():
    assert all(county.fips.startswith("12") for county in CATALOG.states["FL"].counties)
    assert all(county.fips.startswith("34") for county in CATALOG.states["NJ"].counties)


def test_a_look_up_is_quick_enough_for_a_page():
    place_of_zip(CATALOG, "07102")  # the first one unpacks the list
    started = time.perf_counter()
    for _ in range(20):
        place_of_zip(CATALOG, "32501")
    assert (time.perf_counter() - started) / 20 < 0.05
