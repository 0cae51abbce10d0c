"""A visitor walks through the free assessment in a browser without JavaScript."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import func, select, update

from service.enrollment.models import Assessment
from service.enrollment.queries.assessments import rules_hit
from service.kit import db
from tests.factories.enrollment import HEALTHY, fields, walk

if TYPE_CHECKING:
    from tests.client import Browser
    from tests.conftest import House


def stored() -> Assessment:
    with db.reading() as session:
        return session.scalars(select(Assessment)).one()


def revision_of(page: str) -> int:
    found = re.search(r'name="revision" value="(\d+)"', page)
    assert found
    return int(found[1])


@pytest.mark.parametrize(("zip_code", "state"), [("33101", "FL"), ("07102", "NJ")])
def test_a_visitor_of_either_state_learns_that_they_may_qualify(
    client: Browser, house: House, zip_code: str, state: str
):
    summary = walk(client, {**HEALTHY, "zip": [zip_code]})
    assert "Check your answers" in summary.text
    assert "May 17, 1990" in summary.text
    page = client.submit("/assessment/check", follow_redirects=True)
    assert "You may qualify" in page.text
    assert "approved" not in page.text.replace("not approved by the FDA", "")
    assert "Results vary from person to person" in page.text
    assert 'href="/join"' in page.text
    row = stored()
    assert (row.outcome, row.state, row.program, rules_hit(row)) == ("eligible", state, "depression", ())
    assert row.patient_id is None


def test_the_start_page_says_what_it_is_and_asks_for_nothing(client: Browser, house: House):
    page = client.get("/assessment").text
    for promise in ("8 minutes", "Free", "No card and no account", "not a diagnosis"):
        assert promise in page
    with db.reading() as session:
        assert session.scalar(select(func.count()).select_from(Assessment)) == 0, "looking starts nothing"


def test_a_question_says_why_it_is_asked_and_how_many_there_are(client: Browser, house: House):
    page = walk(client, HEALTHY, until="blood_pressure").text
    assert "Why we ask" in page
    assert "The treatment can raise blood pressure" in page
    assert re.search(r"Question 5 of about 17", page), "the county is not asked where the ZIP code told it"
    assert "checked" not in page, "nothing is answered for anybody"


def test_answers_are_sealed_where_they_are_stored(client: Browser, house: House):
    walk(client, HEALTHY)
    assert b"33101" not in stored().answers_sealed
    assert b"depression" not in stored().answers_sealed


def test_an_unlisted_zip_of_our_states_is_asked_for_its_county(client: Browser, house: House):
    walk(client, {**HEALTHY, "zip": ["33999"]}, until="county")
    page = client.get("/assessment/county").text
    assert "Miami-Dade" in page
    assert "Essex" not in page, "only the counties of the state that the ZIP code told"
    response = client.submit("/assessment/county", fields("county", ["12086"], revision_of(page)))
    assert response.headers["Location"].endswith("/assessment/born_on")


def test_a_zip_that_reaches_into_two_counties_offers_just_those(client: Browser, house: House):
    walk(client, {**HEALTHY, "zip": ["32456"]}, until="county")
    page = client.get("/assessment/county").text
    assert set(re.findall(r'<option value="(\d{5})"', page)) == {"12005", "12045"}
    elsewhere = client.submit("/assessment/county", fields("county", ["12086"], revision_of(page)))
    assert (elsewhere.status_code, "Choose your county" in elsewhere.text) == (422, True)
    response = client.submit("/assessment/county", fields("county", ["12005"], revision_of(page)))
    assert response.headers["Location"].endswith("/assessment/born_on")


def test_a_visitor_from_another_state_meets_a_kind_no_and_a_waitlist(client: Browser, house: House):
    page = walk(client, {**HEALTHY, "zip": ["10001"]})
    assert "We are not open in New York yet" in page.text
    assert 'action="/waitlist"' in page.text
    assert (stored().outcome, rules_hit(stored())) == ("not_eligible", ("G-RES",))


def test_a_military_address_is_told_why_and_is_not_asked_for_a_county(client: Browser, house: House):
    page = walk(client, {**HEALTHY, "zip": ["34001"]})
    assert "We cannot serve military post addresses" in page.text
    assert "county" not in page.text.lower()


def test_an_unknown_zip_is_told_kindly_and_ends_nowhere_bad(client: Browser, house: House):
    page = walk(client, {**HEALTHY, "zip": ["00000"]})
    assert "We are not open where you live yet" in page.text


def test_a_zip_with_four_digits_is_asked_for_again_with_what_was_typed(client: Browser, house: House):
    client.submit("/assessment")
    page = client.submit("/assessment/zip", fields("zip", ["3310"], 0))
    assert page.status_code == 422
    assert "Enter a ZIP code with five digits" in page.text
    assert 'value="3310"' in page.text
    assert "<title>Error: " in page.text


def test_somebody_of_seventeen_is_shown_people_who_can_help(client: Browser, house: House):
    page = walk(client, {**HEALTHY, "born_on": ["11", "24", "2008"]})
    assert "Our programs are for adults" in page.text
    assert "988" in page.text
    assert "211" in page.text
    assert 'href="/join"' not in page.text
    assert rules_hit(stored()) == ("G-AGE",)


def test_somebody_turning_eighteen_today_goes_on(client: Browser, house: House):
    page = walk(client, {**HEALTHY, "born_on": ["11", "23", "2008"]}, until="condition")
    assert "What would you most like help with?" in page.text


def test_an_answer_that_rules_treatment_out_is_told_neutrally_with_alternatives(client: Browser, house: House):
    walk(client, {**HEALTHY, "body": ["allergy"]})
    page = client.submit("/assessment/check", follow_redirects=True).text
    assert "At-home treatment is not a good fit right now" in page
    assert "Talk with your own doctor" in page
    assert 'href="/assessment/review"' in page
    assert 'href="/join"' not in page


def test_an_answer_a_clinician_must_see_first_leads_to_a_free_visit(client: Browser, house: House):
    walk(client, {**HEALTHY, "safety": ["passive_thoughts"]})
    page = client.submit("/assessment/check", follow_redirects=True).text
    assert "A clinician looks at a few answers first" in page
    assert "Get help now" in page, "988 stands beside it"
    assert 'href="/join"' in page


def test_skipping_ahead_leads_to_the_next_question(client: Browser, house: House):
    walk(client, HEALTHY, until="condition")
    for path in ("/assessment/home", "/assessment/check", "/assessment/result", "/assessment/county", "/assessment/x"):
        assert client.get(path).headers["Location"].endswith("/assessment/condition"), path


def test_a_page_without_an_assessment_leads_to_the_start(client: Browser, house: House):
    for path in ("/assessment/zip", "/assessment/check", "/assessment/result", "/join"):
        assert client.get(path).headers["Location"].endswith("/assessment"), path


def test_going_back_changes_one_answer_and_keeps_the_others(client: Browser, house: House):
    walk(client, HEALTHY)
    page = client.get("/assessment/blood_pressure").text
    assert re.search(r'value="usual" checked', page)
    response = client.submit("/assessment/blood_pressure", fields("blood_pressure", ["unknown"], revision_of(page)))
    assert response.headers["Location"].endswith("/assessment/check")
    assert "I do not know" in client.get("/assessment/check").text


def test_two_tabs_do_not_overwrite_each_other_unseen(client: Browser, house: House):
    first_tab = walk(client, HEALTHY, until="condition").text
    second_tab = client.get("/assessment/condition").text
    client.submit("/assessment/condition", fields("condition", ["ocd"], revision_of(first_tab)))
    response = client.submit(
        "/assessment/condition", fields("condition", ["anxiety"], revision_of(second_tab)), follow_redirects=True
    )
    assert "This answer was changed in another tab" in response.text
    assert re.search(r'value="ocd" checked', response.text)


def test_an_older_tab_may_still_answer_what_nobody_has_answered(client: Browser, house: House):
    older_tab = walk(client, HEALTHY, until="condition").text
    page = client.get("/assessment/born_on").text
    client.submit("/assessment/born_on", fields("born_on", ["5", "18", "1990"], revision_of(page)))
    response = client.submit("/assessment/condition", fields("condition", ["ocd"], revision_of(older_tab)))
    assert response.headers["Location"].endswith("/assessment/safety")


def test_pressing_continue_twice_is_pressing_it_once(client: Browser, house: House):
    page = walk(client, HEALTHY, until="condition").text
    sent = fields("condition", ["ocd"], revision_of(page))
    answers = [client.submit("/assessment/condition", sent).headers["Location"] for _ in range(2)]
    assert answers[0] == answers[1]


def test_sending_twice_gives_one_outcome(client: Browser, house: House):
    walk(client, HEALTHY)
    assert [client.submit("/assessment/check").headers["Location"] for _ in range(2)] == ["/assessment/result"] * 2
    sent_at = stored().submitted_at
    assert sent_at == house.now


def test_another_zip_asks_for_its_own_county(client: Browser, house: House):
    walk(client, {**HEALTHY, "zip": ["33999"], "county": ["12086"]})
    page = client.get("/assessment/zip").text
    client.submit("/assessment/zip", fields("zip", ["07102"], revision_of(page)))
    summary = client.get("/assessment/check").text
    assert "Miami-Dade" not in summary


def test_answers_to_other_questions_cannot_be_sent(client: Browser, house: House):
    walk(client, HEALTHY)
    with db.transaction() as session:
        session.execute(update(Assessment).values(questionnaire_version="0"))
    page = client.submit("/assessment/check", follow_redirects=True)
    assert "Our questions have changed since you began" in page.text
    assert stored().outcome is None


@pytest.mark.parametrize(
    ("taken", "says"),
    [(["181/90"], True), (["150/121"], True), (["190/125", "191/126"], True), (["180/120"], False), ([], False)],
)
def test_a_very_high_reading_without_symptoms_is_no_emergency_and_is_not_passed_over(
    client: Browser, taken: list[str], says: bool
):
    """domain.md 4.8: measure again after five minutes, and somebody hears of it; 911 with symptoms (2.3, E2)."""
    walk(client, {**HEALTHY, "pressure_readings": taken, "safety": ["none"]})
    page = client.submit("/assessment/check", follow_redirects=True).text.partition("<main")[2]
    assert ("call your doctor today" in page) is says
    assert ("Call 911 at once if you have chest pain" in page) is says
