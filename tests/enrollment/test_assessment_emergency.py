"""An emergency answer: help in the same response, the alert and the hold in the same transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from service.enrollment.actions import answer as actions
from service.enrollment.models import Assessment
from service.kit import db
from service.safety import writes as safety
from service.safety.models import Alert, SafetyHold
from service.safety.queries import standing_hold
from tests.factories.accounts import a_staff_member
from tests.factories.checkins import a_member
from tests.factories.enrollment import HEALTHY, fields, walk
from tests.factories.safety import called

if TYPE_CHECKING:
    from werkzeug.test import TestResponse

    from tests.client import Browser
    from tests.conftest import House

URGENT = {
    "cannot_stay_safe": "RF-SI-ACUTE",
    "body_emergency": "RF-EMERGENCY",
    "overdose": "RF-EMERGENCY",
    "unsafe_home": "RF-EMERGENCY",
}


def shows_help(page: TestResponse) -> bool:
    """911 and 988 in the page itself, not only in the bar of every page."""
    body = page.text.partition("<main")[2]
    return page.status_code == 200 and "Call 911" in body and "Call 988" in body


def alerts() -> list[tuple[str, str]]:
    with db.reading() as session:
        return [(row.code, row.source_kind) for row in session.scalars(select(Alert))]


def holds() -> list[str]:
    with db.reading() as session:
        return [row.code for row in session.scalars(select(SafetyHold))]


def outcome() -> str | None:
    with db.reading() as session:
        return session.scalars(select(Assessment)).one().outcome


@pytest.mark.parametrize(("choice", "code"), URGENT.items())
def test_an_emergency_answer_shows_help_and_wrote_the_alert_and_the_hold(
    client: Browser, house: House, choice: str, code: str
):
    a_staff_member("clinician")
    page = walk(client, {**HEALTHY, "safety": [choice]})
    assert shows_help(page)
    assert "book" not in page.text.partition("<main")[2].lower()
    assert (outcome(), alerts(), holds()) == ("emergency", [(code, "assessment")], [code])
    assert len(called("alert_raised")) == 1


def test_an_anonymous_visitor_is_told_plainly_that_nobody_can_reach_them(client: Browser, house: House):
    page = walk(client, {**HEALTHY, "safety": ["cannot_stay_safe"]})
    assert "Nobody will be alerted who could reach you" in page.text


def test_none_of_these_beside_an_emergency_is_still_an_emergency(client: Browser, house: House):
    assert shows_help(walk(client, {**HEALTHY, "safety": ["unsafe_home", "none"]}))
    assert outcome() == "emergency"


def test_every_later_step_keeps_showing_help(client: Browser, house: House):
    walk(client, {**HEALTHY, "safety": ["overdose"]})
    for path in ("/assessment/heart", "/assessment/safety", "/assessment/check", "/assessment/result", "/join"):
        assert shows_help(client.get(path, follow_redirects=True)), path
    again = client.submit("/assessment/safety", fields("safety", ["none"], 9))
    assert shows_help(again), "an emergency is not taken back by another answer"
    assert "Poison Control" in client.get("/assessment/result").text


def test_sending_the_emergency_twice_raises_one_alert(client: Browser, house: House):
    walk(client, {**HEALTHY, "safety": ["overdose"]})
    assert shows_help(client.submit("/assessment/safety", fields("safety", ["overdose"], 4)))
    assert len(alerts()) == 1
    assert len(holds()) == 1


def test_a_stale_tab_is_heard_when_it_says_emergency(client: Browser, house: House):
    walk(client, HEALTHY)
    assert shows_help(client.submit("/assessment/safety", fields("safety", ["cannot_stay_safe"], 0)))
    assert outcome() == "emergency"


def test_an_emergency_after_the_answers_were_sent_is_heard_too(client: Browser, house: House):
    walk(client, HEALTHY)
    client.submit("/assessment/check")
    assert shows_help(client.submit("/assessment/safety", fields("safety", ["cannot_stay_safe"], 12)))
    assert (outcome(), alerts()) == ("eligible", [("RF-SI-ACUTE", "assessment")])
    assert shows_help(client.get("/join", follow_redirects=True)), "no account is made while the hold stands"


def test_a_new_assessment_may_be_started_afterwards(client: Browser, house: House):
    walk(client, {**HEALTHY, "safety": ["overdose"]})
    assert "Check your answers" in walk(client, HEALTHY).text


def test_help_is_shown_when_nothing_can_be_saved(client: Browser, house: House, monkeypatch: pytest.MonkeyPatch):
    walk(client, HEALTHY, until="safety")

    def away(**_: object) -> None:
        raise ConnectionError("the database is away")

    monkeypatch.setattr(actions, "save_answer", away)
    page = client.submit("/assessment/safety", fields("safety", ["cannot_stay_safe"], 3))
    assert shows_help(page)
    assert "We could not save your answer" in page.text
    assert (alerts(), outcome()) == ([], None)


def test_help_is_shown_when_the_database_cannot_even_be_read(
    client: Browser, house: House, monkeypatch: pytest.MonkeyPatch
):
    walk(client, HEALTHY, until="safety")

    def away() -> None:
        raise ConnectionError("the database is away")

    monkeypatch.setattr(db, "_new_session", away)
    page = client.submit("/assessment/safety", fields("safety", ["body_emergency"], 3))
    assert shows_help(page)
    assert "What you describe needs help from 911 now" in page.text


def test_a_failing_hold_takes_the_alert_with_it_and_help_is_still_shown(
    client: Browser, house: House, monkeypatch: pytest.MonkeyPatch
):
    walk(client, HEALTHY, until="safety")

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("the hold could not be placed")

    monkeypatch.setattr(safety, "place_hold", broken)
    assert shows_help(client.submit("/assessment/safety", fields("safety", ["overdose"], 3)))
    assert (alerts(), holds(), outcome()) == ([], [], None)


def test_an_emergency_without_an_assessment_is_answered_with_help(client: Browser, house: House):
    assert shows_help(client.submit("/assessment/safety", fields("safety", ["overdose"], 0)))


def test_an_emergency_page_nobody_was_asked_is_heard_all_the_same(client: Browser, house: House):
    walk(client, HEALTHY, until="heart")
    assert shows_help(client.submit("/assessment/just_now", fields("just_now", ["symptoms"], 6)))
    assert (outcome(), alerts()) == ("emergency", [("RF-EMERGENCY", "assessment")])


def test_a_very_high_reading_with_symptoms_is_an_emergency(client: Browser, house: House):
    page = walk(client, {**HEALTHY, "pressure_readings": ["185/95"]}, until="just_now")
    assert "Call 911" in page.text.partition("<main")[2], "help stands beside the question already"
    response = client.submit("/assessment/just_now", fields("just_now", ["symptoms"], 6))
    assert shows_help(response)
    assert holds() == ["RF-EMERGENCY"]


def test_whoever_was_in_an_emergency_is_never_marketed_to_and_the_address_is_gone(client: Browser, house: House):
    walk(client, HEALTHY, until="safety")
    client.submit("/assessment/later", {"email": "ana@example.com", "nudge": "y"})
    assert shows_help(client.submit("/assessment/safety", fields("safety", ["cannot_stay_safe"], 3)))
    with db.reading() as session:
        row = session.scalars(select(Assessment)).one()
    assert row.do_not_market
    assert (row.contact_sealed, row.nudge_at, row.link_wanted_at) == (None, None, None)
    assert row.contact_index is not None, "so that whoever writes to many can leave this address out"


def test_an_emergency_after_the_answers_were_sent_marks_it_too(client: Browser, house: House):
    walk(client, HEALTHY)
    client.submit("/assessment/check")
    client.submit("/assessment/safety", fields("safety", ["overdose"], 12))
    with db.reading() as session:
        assert session.scalars(select(Assessment)).one().do_not_market


def test_no_way_to_book_or_to_join_stands_on_the_page_with_help(client: Browser, house: House):
    page = walk(client, {**HEALTHY, "safety": ["cannot_stay_safe"]}).text.partition("<main")[2].partition("</main")[0]
    for path in ("/join", "/visits/book", "/plans", "/assessment/later"):
        assert f'href="{path}"' not in page


def test_a_patient_who_is_signed_in_is_no_stranger(client: Browser, house: House):
    """Their own alert, their own hold: charges, parcels and sessions stop, and the page says that we know."""
    a_staff_member("clinician")
    person = a_member()
    client.sign_in(person.user_id)
    page = walk(client, {**HEALTHY, "safety": ["cannot_stay_safe"]})
    assert shows_help(page)
    assert "Our care team has been told and will try to reach you" in page.text
    assert "do not know who you are" not in page.text
    assert "Our care team has been told" in client.get("/assessment/result").text
    with db.reading() as session:
        assert session.scalars(select(Alert.patient_id)).all() == [person.patient_id]
        assert standing_hold(session, person.patient_id)
    assert len(called("alert_raised")) == 1


def test_a_signed_in_patients_passive_thoughts_are_looked_at_the_same_day(client: Browser, house: House):
    person = a_member()
    client.sign_in(person.user_id)
    walk(client, {**HEALTHY, "safety": ["passive_thoughts"]})
    assert alerts() == [], "nothing was sent yet"
    page = client.submit("/assessment/check", follow_redirects=True)
    assert (alerts(), holds()) == ([("RF-SI", "assessment")], ["RF-SI"])
    assert "nobody who could reach you will be alerted" not in page.text
    assert "Our care team has been told" in page.text
    assert "Make an account" not in page.text


def test_passive_thoughts_of_somebody_we_do_not_know_call_nobody(client: Browser, house: House):
    walk(client, {**HEALTHY, "safety": ["passive_thoughts"]})
    page = client.submit("/assessment/check", follow_redirects=True)
    assert (alerts(), holds()) == ([], [])
    assert "Call 988" in page.text.partition("<main")[2]
    assert "nobody who could reach you will be alerted" in page.text
    assert "Once you make an account, a clinician is told" in page.text
