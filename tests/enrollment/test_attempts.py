"""Attempts are kept and compared: what stood in the way and then did not is for clinicians to see."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import select

from service.enrollment.actions import answer, look, resume
from service.enrollment.models import Assessment, AssessmentTurn
from service.enrollment.queries.assessments import rules_hit
from service.enrollment.queries.attempts import attempts_of, opened_turn
from service.kit import db
from tests.factories.care import looking_after
from tests.factories.enrollment import HEALTHY, VISITOR, an_assessment, enrollment_of, fields, join, walk
from tests.factories.visits import a_clinician, staff_actor

if TYPE_CHECKING:
    from flask import Flask

    from tests.client import Browser
    from tests.conftest import House


def rows() -> list[Assessment]:
    with db.reading() as session:
        return list(session.scalars(select(Assessment).order_by(Assessment.started_at, Assessment.id)))


def turns() -> list[tuple[str, tuple[str, ...], bool]]:
    """(question, rules that are gone, was it in another attempt?)"""
    with db.reading() as session:
        found = session.scalars(select(AssessmentTurn).order_by(AssessmentTurn.at, AssessmentTurn.id))
        opened = [(opened_turn(row), row.earlier_id is not None) for row in found]
    return [(turn.question_id, turn.rule_ids, elsewhere) for turn, elsewhere in opened]


def revise(client: Browser, question: str, sent: list[str]) -> None:
    """Change one answer, as its page would."""
    from tests.enrollment.test_assessment_walk import revision_of

    page = client.get(f"/assessment/{question}").text
    client.submit(f"/assessment/{question}", fields(question, sent, revision_of(page)))


def test_an_answer_that_turns_in_the_same_attempt_is_kept(client: Browser, house: House):
    walk(client, {**HEALTHY, "body": ["allergy"]})
    revise(client, "body", ["none"])
    assert turns() == [("body", ("C15",), False)]
    client.submit("/assessment/check")
    assert rows()[0].outcome == "eligible"


def test_changing_an_answer_works_the_outcome_out_anew(client: Browser, house: House):
    walk(client, HEALTHY)
    revise(client, "heart", ["vessels"])
    client.submit("/assessment/check")
    assert (rows()[0].outcome, rules_hit(rows()[0])) == ("not_eligible", ("C3",))
    assert turns() == [], "an answer that turned the other way hides nothing"


def test_an_answer_that_stands_in_the_way_either_way_has_not_turned(client: Browser, house: House):
    walk(client, {**HEALTHY, "body": ["allergy"], "heart": ["vessels"]})
    revise(client, "body", ["allergy", "thyroid"])
    assert turns() == []


def test_typed_numbers_that_turn_are_kept_too(client: Browser, house: House):
    walk(client, {**HEALTHY, "pressure_readings": ["170/95", "165/100"]})
    revise_readings = {"answer": "120/80", "second": "", "revision": str(len(HEALTHY))}
    client.submit("/assessment/pressure_readings", revise_readings)
    # the page was drawn from another state of the answers: it is shown once more
    from tests.enrollment.test_assessment_walk import revision_of

    page = client.get("/assessment/pressure_readings").text
    client.submit("/assessment/pressure_readings", {**revise_readings, "revision": str(revision_of(page))})
    assert turns() == [("pressure_readings", ("C1",), False)]


def test_another_attempt_in_the_same_browser_is_compared(client: Browser, house: House):
    walk(client, {**HEALTHY, "mind": ["psychosis"]})
    client.submit("/assessment/check")
    house.at(house.now + timedelta(days=2))
    walk(client, HEALTHY)
    assert turns() == []
    client.submit("/assessment/check")
    first, second = rows()
    assert second.earlier_id == first.id
    assert first.outcome == "not_eligible", "every attempt is kept as it was"
    assert turns() == [("mind", ("C5",), True)]


def test_an_attempt_that_was_left_unfinished_counts(client: Browser, house: House):
    walk(client, {**HEALTHY, "heart": ["vessels"]}, until="mind")
    house.at(house.now + timedelta(minutes=5))
    walk(client, HEALTHY)
    client.submit("/assessment/check")
    assert turns() == [("heart", ("C3",), True)]


def test_an_emergency_and_then_none_is_a_turn(client: Browser, house: House):
    walk(client, {**HEALTHY, "safety": ["cannot_stay_safe"]})
    house.at(house.now + timedelta(hours=1))
    walk(client, HEALTHY)
    client.submit("/assessment/check")
    assert turns() == [("safety", ("E1",), True)]


def test_another_birthday_or_another_home_is_a_turn(client: Browser, house: House):
    walk(client, {**HEALTHY, "born_on": ["11", "24", "2010"]})
    house.at(house.now + timedelta(hours=1))
    walk(client, {**HEALTHY, "zip": ["10001"]})
    house.at(house.now + timedelta(hours=1))
    walk(client, HEALTHY)
    client.submit("/assessment/check")
    assert set(map(str, turns())) >= {"('zip', ('G-RES',), True)", "('born_on', ('G-AGE',), True)"}


def test_the_nearest_of_several_attempts_counts_once(client: Browser, house: House):
    for _ in range(2):
        walk(client, {**HEALTHY, "body": ["allergy"]})
        client.submit("/assessment/check")
        house.at(house.now + timedelta(hours=1))
    walk(client, HEALTHY)
    client.submit("/assessment/check")
    assert turns() == [("body", ("C15",), True)]


def test_an_attempt_of_seven_days_ago_is_compared_and_an_older_one_is_not(client: Browser, house: House):
    walk(client, {**HEALTHY, "body": ["allergy"]})
    client.submit("/assessment/check")
    began = house.now
    house.at(began + timedelta(days=7, seconds=1))
    walk(client, HEALTHY)
    client.submit("/assessment/check")
    assert turns() == []
    assert rows()[1].earlier_id == rows()[0].id, "kept all the same"
    walk(client, {**HEALTHY, "body": ["allergy"]})
    client.submit("/assessment/check")
    house.at(house.now + timedelta(days=7))
    walk(client, HEALTHY)
    client.submit("/assessment/check")
    assert turns() == [("body", ("C15",), True)]


def test_attempts_that_left_the_same_address_belong_together(house: House):
    first = an_assessment(house, send=False, body=["allergy"])
    resume.leave_address(token=first, email="ana@example.com", nudge=False, actor=VISITOR, now=house.now)
    answer.submit(token=first, catalog=house.catalog, actor=VISITOR, now=house.now)
    house.at(house.now + timedelta(hours=1))
    second = an_assessment(house, send=False)
    resume.leave_address(token=second, email="ANA@example.com", nudge=False, actor=VISITOR, now=house.now)
    resume.mail_links(catalog=house.catalog, now=house.now)
    assert rows()[1].earlier_id == rows()[0].id
    answer.submit(token=second, catalog=house.catalog, actor=VISITOR, now=house.now)
    assert turns() == [("body", ("C15",), True)]


def test_joining_with_the_address_ties_them_together_too(house: House):
    first = an_assessment(house, send=False, body=["allergy"])
    resume.leave_address(token=first, email="ana@example.com", nudge=False, actor=VISITOR, now=house.now)
    answer.submit(token=first, catalog=house.catalog, actor=VISITOR, now=house.now)
    house.at(house.now + timedelta(hours=1))
    join(house, an_assessment(house), email="ana@example.com")
    resume.mail_links(catalog=house.catalog, now=house.now)
    assert rows()[1].earlier_id == rows()[0].id
    assert turns() == [("body", ("C15",), True)]
    resume.mail_links(catalog=house.catalog, now=house.now)
    assert len(turns()) == 1, "looking again notes nothing anew"


def test_a_patients_own_attempts_belong_together(client: Browser, house: House):
    from service.accounts.models import Patient

    join(house, an_assessment(house))
    with db.reading() as session:
        patient = session.scalars(select(Patient)).one()
    client.sign_in(patient.user_id)
    house.at(house.now + timedelta(days=1))
    client.submit("/assessment")
    assert rows()[1].earlier_id == rows()[0].id


def test_strangers_attempts_stay_apart(client: Browser, app: Flask, house: House):
    walk(client, {**HEALTHY, "body": ["allergy"]})
    client.submit("/assessment/check")
    other = app.test_client()
    walk(other, HEALTHY)
    other.submit("/assessment/check")
    assert [row.earlier_id for row in rows()] == [None, None]
    assert turns() == []


def test_clinicians_see_what_turned_and_nobody_else_does(client: Browser, house: House):
    walk(client, {**HEALTHY, "body": ["allergy"]})
    client.submit("/assessment/check")
    house.at(house.now + timedelta(hours=1))
    walk(client, HEALTHY)
    client.submit("/assessment/check")
    with client.session_transaction(base_url="https://localhost") as session:
        token = session["assessment"]
    join(house, token)
    patient_id = rows()[1].patient_id
    assert patient_id is not None
    found = enrollment_of(patient_id)
    clinician = a_clinician()
    looking_after(clinician.actor, patient_id)
    client.sign_in(clinician.user_id)
    page = client.get(f"/staff/enrollments/{found.id}").text
    for words in ("Answers that changed", "An allergy to ketamine", "C15", "in an earlier attempt", "Not a good fit"):
        assert words in page, words
    coordinator = looking_after(staff_actor("coordinator"), patient_id)
    assert coordinator.user_id
    client.sign_in(coordinator.user_id)
    page = client.get(f"/staff/enrollments/{found.id}").text
    assert "Answers that changed" not in page
    assert "C15" not in page
    record = look.open_record(enrollment_id=found.id, catalog=house.catalog, actor=coordinator, now=house.now)
    assert record.clinical is None


def test_a_later_attempt_is_seen_from_the_record_of_the_one_before(house: House, client: Browser):
    walk(client, HEALTHY)
    client.submit("/assessment/check")
    house.at(house.now + timedelta(hours=1))
    walk(client, {**HEALTHY, "body": ["allergy"]})
    client.submit("/assessment/check")
    with db.reading() as session:
        seen = attempts_of(session, house.catalog, rows()[0].id)
    assert [(one.outcome, one.this_one) for one in seen.attempts] == [("not_eligible", False), ("eligible", True)]


def test_what_was_answered_before_is_sealed(client: Browser, house: House):
    walk(client, {**HEALTHY, "body": ["allergy"]})
    revise(client, "body", ["none"])
    with db.reading() as session:
        row = session.scalars(select(AssessmentTurn)).one()
    assert b"allergy" not in row.before_sealed
