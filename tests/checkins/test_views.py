"""A check-in on a phone: one question at a time, help at once where it is needed, a result in words."""

from __future__ import annotations

import re
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from service.checkins import actions
from service.checkins.models import CheckIn
from service.kit import db
from service.safety.models import Alert, SafetyHold
from tests.client import Browser
from tests.conftest import House
from tests.factories.accounts import Person
from tests.factories.checkins import CALM, FIRST_DUE, a_due_checkin, a_member, checkins_of

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def patient(house: House) -> Person:
    """A member whose first check-in is due."""
    house.at(FIRST_DUE + HOUR)
    return a_member()


@pytest.fixture
def checkin_id(house: House, client: Browser, patient: Person) -> UUID:
    """That check-in, with its patient signed in."""
    client.sign_in(patient.user_id)
    return a_due_checkin(house.catalog, patient)


def raised() -> list[tuple[str, str]]:
    with db.reading() as session:
        alerts = session.scalars(select(Alert.code).order_by(Alert.raised_at, Alert.id)).all()
        holds = session.scalars(select(SafetyHold.code).order_by(SafetyHold.placed_at, SafetyHold.id)).all()
    assert alerts == holds
    return [("checkin", code) for code in alerts]


def send_all(client: Browser, checkin_id: UUID, answers: dict[str, int]):
    for item, value in answers.items():
        client.submit(f"/check-ins/{checkin_id}/{item}", {"answer": str(value), "instrument": "phq9"})
    return client.submit(f"/check-ins/{checkin_id}/submit", {"instrument": "phq9"})


def test_the_mailed_link_leads_to_the_checkin_after_signing_in(house: House, client: Browser, patient: Person) -> None:
    checkin_id = a_due_checkin(house.catalog, patient)
    response = client.get(f"/check-ins/{checkin_id}")
    assert response.status_code == 303
    assert (
        f"next=%2Fcheck-ins%2F{checkin_id}" in response.location or f"next=/check-ins/{checkin_id}" in response.location
    )
    client.sign_in(patient.user_id)
    assert "9 questions" in client.get(f"/check-ins/{checkin_id}").text


def test_a_question_says_how_far_how_long_back_and_preselects_nothing(client: Browser, checkin_id: UUID) -> None:
    page = client.get(f"/check-ins/{checkin_id}/2").text
    assert "Question 2 of 9" in page
    assert "Over the last 2 weeks" in page
    assert "Feeling down, depressed, or hopeless" in page
    labels = ["Not at all", "Several days", "More than half the days", "Nearly every day"]
    places = [page.index(label) for label in labels]
    assert places == sorted(places)
    assert not re.search(r"<input[^>]*type=\"radio\"[^>]*checked", page)
    assert "Spitzer" in page


def test_continue_without_an_answer_says_what_to_do(client: Browser, checkin_id: UUID) -> None:
    response = client.submit(f"/check-ins/{checkin_id}/2", {"instrument": "phq9"})
    assert response.status_code == 422
    assert "<title>Error:" in response.text
    assert "Choose the answer that fits best" in response.text


@pytest.mark.parametrize("value", ["4", "-1", "x", "1.5", "99999999999999999999"])
def test_an_answer_that_is_not_on_the_scale_is_refused(client: Browser, checkin_id: UUID, value: str) -> None:
    assert client.submit(f"/check-ins/{checkin_id}/2", {"answer": value}).status_code == 422


def test_answers_are_kept_on_the_way_and_the_start_leads_back_to_where_it_stopped(
    client: Browser, checkin_id: UUID
) -> None:
    response = client.submit(f"/check-ins/{checkin_id}/1", {"answer": "2"})
    assert response.location.endswith(f"/check-ins/{checkin_id}/2")
    start = client.get(f"/check-ins/{checkin_id}").text
    assert f"/check-ins/{checkin_id}/2" in start
    assert "Go on where you stopped" in start
    assert re.search(r"<input[^>]*value=\"2\"[^>]*checked", client.get(f"/check-ins/{checkin_id}/1").text)


def test_answers_are_never_stored_in_the_open(client: Browser, patient: Person, checkin_id: UUID) -> None:
    client.submit(f"/check-ins/{checkin_id}/1", {"answer": "2"})
    (row,) = checkins_of(patient)
    assert row.answers_sealed is not None
    assert b'"1"' not in row.answers_sealed


def test_answers_are_read_over_before_they_are_sent(client: Browser, checkin_id: UUID) -> None:
    for item, value in CALM.items():
        last = client.submit(f"/check-ins/{checkin_id}/{item}", {"answer": str(value)})
    assert last.location.endswith(f"/check-ins/{checkin_id}/10")
    last = client.submit(f"/check-ins/{checkin_id}/10", {"answer": ""})
    assert last.location.endswith(f"/check-ins/{checkin_id}/check")
    page = client.get(last.location).text
    assert page.count("Several days") == 8
    assert f"/check-ins/{checkin_id}/3?from=check" in page
    back = client.submit(f"/check-ins/{checkin_id}/3?from=check", {"answer": "0"})
    assert back.location.endswith(f"/check-ins/{checkin_id}/check")


def test_the_result_says_the_score_in_words_and_what_it_is_not(client: Browser, checkin_id: UUID) -> None:
    response = send_all(client, checkin_id, CALM)
    assert response.status_code == 303
    page = client.get(response.location).text
    assert "8 of 27" in page
    assert "mild" in page
    assert "A score is not a diagnosis" in page
    assert "15 to 19: moderately severe" in page
    assert "5 to 9: mild</b>" in page


def test_missing_answers_are_named_and_nothing_is_scored(client: Browser, patient: Person, checkin_id: UUID) -> None:
    response = send_all(client, checkin_id, {"1": 1, "2": 1})
    assert response.status_code == 422
    assert "Answer every question" in response.text
    assert checkins_of(patient)[0].status == "open"


def test_sending_twice_shows_the_same_result(client: Browser, patient: Person, checkin_id: UUID) -> None:
    first = send_all(client, checkin_id, CALM)
    sealed = checkins_of(patient)[0].score_sealed
    second = client.submit(f"/check-ins/{checkin_id}/submit", {"instrument": "phq9", "item-1": "3"})
    assert (second.status_code, second.location) == (first.status_code, first.location)
    assert checkins_of(patient)[0].score_sealed == sealed


@pytest.mark.parametrize(("value", "code"), [(1, "RF-SI-LOW"), (2, "RF-SI"), (3, "RF-SI")])
def test_a_worrying_answer_shows_help_in_the_response_that_wrote_the_alert_and_the_hold(
    client: Browser, checkin_id: UUID, value: int, code: str
) -> None:
    response = client.submit(f"/check-ins/{checkin_id}/9", {"answer": str(value)})
    assert response.status_code == 200
    assert "tel:988" in response.text
    assert "Your care team has been told" in response.text
    assert raised() == [("checkin", code)]


def test_sending_worrying_answers_shows_help_and_calls_nobody_twice(client: Browser, checkin_id: UUID) -> None:
    for _ in range(2):
        response = send_all(client, checkin_id, {**CALM, "9": 2})
        assert response.status_code == 200
        assert "You are not alone with this" in response.text
    assert raised() == [("checkin", "RF-SI")]


def test_a_zero_total_but_for_the_last_item_still_calls_a_person(client: Browser, checkin_id: UUID) -> None:
    response = send_all(client, checkin_id, {str(n): 0 for n in range(1, 9)} | {"9": 1})
    assert "You are not alone with this" in response.text
    page = client.get(f"/check-ins/{checkin_id}").text
    assert "1 of 27" in page
    assert "minimal" in page
    assert "Get help now" in page


def test_calm_answers_call_nobody(client: Browser, checkin_id: UUID) -> None:
    send_all(client, checkin_id, CALM)
    assert raised() == []


def test_help_is_shown_even_when_nothing_can_be_saved(
    client: Browser, checkin_id: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(**_: object) -> None:
        raise OperationalError("SELECT 1", {}, Exception("server closed the connection"))

    monkeypatch.setattr(actions, "submit", away)
    monkeypatch.setattr(actions, "answer", away)
    answers = {f"item-{item}": str(value) for item, value in {**CALM, "9": 1}.items()}
    sent = client.submit(f"/check-ins/{checkin_id}/submit", {"instrument": "phq9", **answers})
    one = client.submit(f"/check-ins/{checkin_id}/9", {"instrument": "phq9", "answer": "3"})
    for response in (sent, one):
        assert response.status_code == 200
        assert "tel:988" in response.text
        assert "We could not save your answer" in response.text
        assert "Your care team has been told" not in response.text


def test_somebody_elses_checkin_does_not_exist(house: House, client: Browser, checkin_id: UUID) -> None:
    client.sign_in(a_member().user_id)
    for path in ("", "/1", "/check"):
        assert client.get(f"/check-ins/{checkin_id}{path}").status_code == 404
    assert client.submit(f"/check-ins/{checkin_id}/1", {"answer": "1"}).status_code == 404
    assert client.submit(f"/check-ins/{checkin_id}/submit", {"instrument": "phq9"}).status_code == 404


def test_a_question_that_does_not_exist_is_not_found(client: Browser, checkin_id: UUID) -> None:
    for number in (0, 11, 99):
        assert client.get(f"/check-ins/{checkin_id}/{number}").status_code == 404


def test_one_that_closed_is_over_kindly_and_takes_no_answer(house: House, client: Browser, checkin_id: UUID) -> None:
    client.submit(f"/check-ins/{checkin_id}/1", {"answer": "1"})
    house.at(FIRST_DUE + 7 * DAY)
    assert "This check-in is over" in client.get(f"/check-ins/{checkin_id}").text
    late = client.submit(f"/check-ins/{checkin_id}/2", {"answer": "1"})
    assert late.status_code == 409
    assert "not saved" in late.text
    answers = {f"item-{item}": str(value) for item, value in CALM.items()}
    sent = client.submit(f"/check-ins/{checkin_id}/submit", {"instrument": "phq9", **answers})
    assert sent.status_code == 303
    with db.reading() as session:
        assert session.scalars(select(CheckIn.submitted_at)).all() == [None]


def test_a_worrying_answer_that_comes_too_late_still_calls_a_person(
    house: House, client: Browser, checkin_id: UUID
) -> None:
    house.at(FIRST_DUE + 8 * DAY)
    response = client.submit(f"/check-ins/{checkin_id}/9", {"answer": "2"})
    assert "You are not alone with this" in response.text
    assert raised() == [("checkin", "RF-SI")]


def test_the_list_shows_what_is_due_and_what_was(house: House, client: Browser, checkin_id: UUID) -> None:
    assert "Due now" in client.get("/check-ins").text
    send_all(client, checkin_id, CALM)
    page = client.get("/check-ins").text
    assert "Nothing is due right now" in page
    assert "8 of 27" in page
