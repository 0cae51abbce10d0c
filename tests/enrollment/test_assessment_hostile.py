"""The free assessment meets what nobody should send: other questions, other choices, too many, too late, at once."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import func, select, update
from werkzeug.datastructures import MultiDict

from service.enrollment.actions import answer
from service.enrollment.models import Assessment
from service.enrollment.queries.assessments import opened, rules_hit
from service.kit import db
from service.safety.models import Alert
from tests.enrollment.test_assessment_walk import revision_of
from tests.factories.at_once import at_once
from tests.factories.enrollment import HEALTHY, VISITOR, an_assessment, fields, walk

if TYPE_CHECKING:
    from tests.client import Browser
    from tests.conftest import House


def kept() -> dict[str, object]:
    with db.reading() as session:
        return dict(opened(session.scalars(select(Assessment)).one()))


def stored() -> Assessment:
    with db.reading() as session:
        return session.scalars(select(Assessment)).one()


def test_an_answer_to_a_question_nobody_asked_is_not_kept(client: Browser, house: House):
    walk(client, HEALTHY, until="heart")
    before = kept()
    for question, sent in (("losing_track", ["often"]), ("so_far", ["opioid"]), ("home", ["no_sitter"])):
        response = client.submit(f"/assessment/{question}", fields(question, sent, 6))
        assert response.headers["Location"].endswith("/assessment/heart"), question
    assert kept() == before


def test_a_question_that_does_not_exist_is_a_clear_page(client: Browser, house: House):
    walk(client, HEALTHY, until="heart")
    assert client.get("/assessment/nonsense").headers["Location"].endswith("/assessment/heart")
    response = client.submit("/assessment/nonsense", {"answer": "yes", "revision": "6"})
    assert response.status_code == 404
    assert "988" in response.text


@pytest.mark.parametrize("sent", ["magic", "vessels' OR 1=1", "<script>", "ä" * 5000])
def test_a_choice_that_is_not_on_the_page_is_refused_and_not_kept(client: Browser, house: House, sent: str):
    page = walk(client, HEALTHY, until="heart").text
    response = client.submit("/assessment/heart", fields("heart", [sent], revision_of(page)))
    assert response.status_code == 422
    assert "Choose one of the answers on this page" in response.text
    assert "<script>" not in response.text.partition("<main")[2]
    assert "heart" not in kept()


def test_two_thousand_choices_are_refused_like_one_wrong_one(client: Browser, house: House):
    page = walk(client, HEALTHY, until="heart").text
    many = MultiDict([("revision", str(revision_of(page)))] + [("answer", f"choice{n}") for n in range(2000)])
    many["csrf_token"] = client.csrf_token()
    response = client.post("/assessment/heart", data=many, headers={"Referer": "https://localhost/"})
    assert response.status_code in (413, 422)
    assert "heart" not in kept()


def test_an_emergency_among_two_thousand_choices_is_heard(client: Browser, house: House):
    page = walk(client, HEALTHY, until="safety").text
    many = MultiDict([("revision", str(revision_of(page)))] + [("answer", f"choice{n}") for n in range(900)])
    many.add("answer", "cannot_stay_safe")
    many["csrf_token"] = client.csrf_token()
    response = client.post("/assessment/safety", data=many, headers={"Referer": "https://localhost/"})
    assert "Call 911" in response.text.partition("<main")[2]


@pytest.mark.parametrize("sent", ["120/121", "999/10", "120", "170/95/60", "high"])
def test_a_pressure_nobody_has_is_refused_with_what_was_typed(client: Browser, house: House, sent: str):
    page = walk(client, HEALTHY, until="pressure_readings").text
    revision = revision_of(page)
    first = client.submit("/assessment/pressure_readings", fields("pressure_readings", [sent], revision))
    assert first.status_code == 422
    assert f'value="{sent}"' in first.text
    second = client.submit("/assessment/pressure_readings", fields("pressure_readings", ["120/80", sent], revision))
    assert second.status_code == 422
    assert 'href="#second"' in second.text, "the summary leads to the reading that cannot be read"
    assert "pressure_readings" not in kept()


def test_readings_are_optional_and_shown_in_the_summary(client: Browser, house: House):
    assert "None entered" in walk(client, HEALTHY).text
    page = client.get("/assessment/pressure_readings").text
    sent = fields("pressure_readings", ["170/95", "130 over 80"], revision_of(page))
    client.submit("/assessment/pressure_readings", sent)
    assert "170/95, 130/80" in client.get("/assessment/check").text
    client.submit("/assessment/check")
    assert (stored().outcome, rules_hit(stored())) == ("clinician_review", ("C2",))


def test_an_old_post_replayed_changes_nothing(client: Browser, house: House):
    page = walk(client, HEALTHY, until="heart").text
    first = fields("heart", ["vessels"], revision_of(page))
    client.submit("/assessment/heart", first)
    page = client.get("/assessment/heart").text
    client.submit("/assessment/heart", fields("heart", ["none"], revision_of(page)))
    response = client.submit("/assessment/heart", first)
    assert response.headers["Location"].endswith("/assessment/heart"), "shown once more, and not kept"
    assert kept()["heart"] == ["none"]


def test_a_post_after_the_answers_were_sent_changes_nothing(client: Browser, house: House):
    walk(client, HEALTHY)
    client.submit("/assessment/check")
    before = (kept(), stored().outcome)
    response = client.submit("/assessment/heart", fields("heart", ["vessels"], 12))
    assert response.headers["Location"] == "/assessment/result"
    assert (kept(), stored().outcome) == before


def test_another_condition_asks_what_belongs_to_it_and_drops_what_does_not(client: Browser, house: House):
    walk(client, {**HEALTHY, "highs": ["yes"]})
    page = client.get("/assessment/condition").text
    response = client.submit("/assessment/condition", fields("condition", ["ptsd"], revision_of(page)))
    assert response.headers["Location"].endswith("/assessment/losing_track")
    assert "highs" not in kept()
    assert client.get("/assessment/check").headers["Location"].endswith("/assessment/losing_track")
    page = client.get("/assessment/losing_track").text
    response = client.submit("/assessment/losing_track", fields("losing_track", ["no"], revision_of(page)))
    assert response.headers["Location"] == "/assessment/check"


@pytest.mark.parametrize("revision", ["", "-1", "1e3", "9" * 30, "six", "٣"])
def test_a_damaged_revision_never_overwrites(client: Browser, house: House, revision: str):
    walk(client, HEALTHY)
    client.submit("/assessment/heart", {"answer": "vessels", "revision": revision})
    assert kept()["heart"] == ["none"]


def test_questions_of_an_earlier_version_lead_to_a_new_start(client: Browser, house: House):
    walk(client, HEALTHY, until="heart")
    with db.transaction() as session:
        session.execute(update(Assessment).values(ruleset_version="1"))
    for response in (
        client.submit("/assessment/heart", fields("heart", ["none"], 6), follow_redirects=True),
        client.get("/assessment/heart", follow_redirects=True),
    ):
        assert "Start" in response.text
        assert "assessment" in response.request.path
    assert "heart" not in kept()


def test_an_emergency_on_questions_of_an_earlier_version_is_heard(client: Browser, house: House):
    walk(client, HEALTHY, until="safety")
    with db.transaction() as session:
        session.execute(update(Assessment).values(questionnaire_version="1"))
    response = client.submit("/assessment/safety", fields("safety", ["cannot_stay_safe"], 3))
    assert "Call 911" in response.text.partition("<main")[2]


def test_two_tabs_at_the_same_moment_keep_one_answer_and_lose_none(committed: House):
    house = committed
    token = an_assessment(house, send=False)
    with db.reading() as session:
        revision = session.scalars(select(Assessment)).one().revision

    def save(value: str) -> answer.Saved:
        return answer.save_answer(
            token=token,
            question_id="blood_pressure",
            sent=[value],
            revision=revision,
            catalog=house.catalog,
            actor=VISITOR,
            now=house.now,
        )

    saved = at_once(partial(save, "treated"), partial(save, "unknown"))
    assert sorted(one.changed_elsewhere for one in saved) == [False, True]
    assert kept()["blood_pressure"] in ("treated", "unknown")
    assert set(kept()) >= {"zip", "heart", "home"}


def test_an_emergency_sent_from_four_tabs_at_once_raises_one_alert(committed: House):
    house = committed
    token = an_assessment(house, send=False)

    def call() -> answer.Saved:
        return answer.save_answer(
            token=token,
            question_id="safety",
            sent=["cannot_stay_safe"],
            revision=0,
            catalog=house.catalog,
            actor=VISITOR,
            now=house.now,
        )

    assert all(one.emergency for one in at_once(*[call] * 4))
    with db.reading() as session:
        assert session.scalar(select(func.count()).select_from(Alert)) == 1


@pytest.mark.parametrize("condition", ["ocd", "depression", "anxiety", "ptsd"])
@pytest.mark.parametrize("zip_code", ["33101", "07102"])
def test_each_condition_leads_to_a_visit_in_either_state(client: Browser, house: House, condition: str, zip_code: str):
    walk(client, {**HEALTHY, "zip": [zip_code], "condition": [condition]})
    page = client.submit("/assessment/check", follow_redirects=True).text
    assert "You may qualify" in page
    assert stored().program == condition


def test_chronic_pain_is_looked_at_in_new_jersey_and_closed_in_florida(client: Browser, house: House):
    walk(client, {**HEALTHY, "zip": ["07102"], "condition": ["chronic_pain"]})
    page = client.submit("/assessment/check", follow_redirects=True).text
    assert "A clinician looks at a few answers first" in page
    assert "Pain programs follow extra rules" in page
    page = walk(client, {**HEALTHY, "zip": ["33101"], "condition": ["chronic_pain"]}).text
    assert "We cannot offer this program in your state yet" in page
    assert 'href="/assessment/review"' not in page
    assert 'href="/join"' not in page


def test_tried_treatments_are_shown_to_the_person_and_exclude_nobody(client: Browser, house: House):
    tried = {
        "tried_medicines": ["sertraline", "venlafaxine"],
        "how_it_went": ["more_full", "side_effects"],
        "therapy": ["erp", "therapist"],
        "earlier_treatments": ["tms", "esketamine"],
    }
    summary = walk(client, {**HEALTHY, **tried}).text
    for words in ("Sertraline", "two or more", "ERP", "Esketamine"):
        assert words in summary, words
    assert "You may qualify" in client.submit("/assessment/check", follow_redirects=True).text


def test_a_problem_is_said_once_above_the_form(client: Browser, house: House):
    walk(client, HEALTHY, until="heart")
    page = client.submit("/assessment/later", {"email": "x"}).text
    assert page.count("There is a problem") == 1
