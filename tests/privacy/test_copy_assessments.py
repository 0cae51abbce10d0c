"""The patient's copy tells of an assessment what its taker did: answers, changed answers, a look that was asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from service.accounts.models import Patient
from service.enrollment.actions import answer, reviews
from service.enrollment.models import Assessment, ReviewRequest
from service.kit import db
from service.privacy.queries.copy import copy_of
from tests.factories.enrollment import VISITOR, an_assessment, join
from tests.factories.visits import staff_actor

if TYPE_CHECKING:
    from tests.conftest import House

NOTE = "Spoke with the allergist, only a rash."


def test_changed_answers_and_a_look_by_a_person_are_in_the_copy_and_the_note_is_not(house: House):
    token = an_assessment(house, send=False, body=["allergy"], heart=["vessels"])
    with db.reading() as session:
        revision = session.scalars(select(Assessment)).one().revision
    answer.save_answer(
        token=token,
        question_id="heart",
        sent=["none"],
        revision=revision,
        catalog=house.catalog,
        actor=VISITOR,
        now=house.now,
    )
    answer.submit(token=token, catalog=house.catalog, actor=VISITOR, now=house.now)
    reviews.ask_for_review(
        token=token,
        email="ana@example.com",
        message="It was only a rash.",
        locale="en",
        catalog=house.catalog,
        actor=VISITOR,
        now=house.now,
    )
    with db.reading() as session:
        request_id = session.scalars(select(ReviewRequest.id)).one()
    reviews.answer_review(
        review_id=request_id, verdict="opened", note=NOTE, actor=staff_actor("clinician"), now=house.now
    )
    join(house, token)
    with db.reading() as session:
        patient_id = session.scalars(select(Patient.id)).one()
        sections = copy_of(session, patient_id, house.catalog)
    (entry,) = next(section for section in sections if section.key == "assessments").entries
    (changed,) = entry["changed_answers"]
    assert changed["answer_before"].startswith("An aneurysm")
    (looked,) = entry["looked_at_by_a_person"]
    assert looked["you_wrote"] == "It was only a rash."
    assert looked["answer"] == "You may talk with a clinician"
    assert NOTE not in str(sections)
