"""Whoever was told no for a clinical reason may ask that a person looks, and gets an answer."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select

from service.accounts.models import Patient
from service.audit.models import AuditEntry
from service.enrollment.actions import reviews
from service.enrollment.models import Assessment, Enrollment, ReviewRequest
from service.kit import crypto, db
from service.kit.errors import NotAllowed, OutsideCareTeam, Rejected
from service.mail.models import OutboxMessage
from tests.factories.accounts import a_staff_member
from tests.factories.at_once import outcomes
from tests.factories.care import looking_after
from tests.factories.enrollment import HEALTHY, VISITOR, an_assessment, enrollment_of, join, walk
from tests.factories.visits import staff_actor

if TYPE_CHECKING:
    from flask import Flask

    from tests.client import Browser
    from tests.conftest import House

NO = {"body": ["allergy"]}
ASK = {"email": "ana@example.com", "message": "It was a rash from something else, my doctor says."}
NOTE = "Spoke with an allergist, a rash only."


def asked() -> list[ReviewRequest]:
    with db.reading() as session:
        return list(session.scalars(select(ReviewRequest).order_by(ReviewRequest.asked_at)))


def mails() -> list[tuple[str, dict[str, Any]]]:
    with db.reading() as session:
        rows = session.scalars(select(OutboxMessage).where(OutboxMessage.template == "review_answered"))
        return [
            (
                crypto.unseal(row.address_sealed or b"", "outbox", "address", row.id),
                crypto.unseal_json(row.facts_sealed, "outbox", "facts", row.id),
            )
            for row in rows
        ]


def told_no(client: Browser, **changes: list[str]) -> str:
    """Walk to a no. Returns the page."""
    walk(client, {**HEALTHY, **(changes or NO)})
    return client.submit("/assessment/check", follow_redirects=True).text


def a_request(house: House, token: str = "", **changes: list[str]) -> ReviewRequest:
    """Somebody has asked."""
    token = token or an_assessment(house, **(changes or NO))
    reviews.ask_for_review(
        token=token,
        email="ana@example.com",
        message="My doctor says so.",
        locale="en",
        catalog=house.catalog,
        actor=VISITOR,
        now=house.now,
    )
    return asked()[-1]


def answered(house: House, request: ReviewRequest, verdict: str) -> None:
    """A clinician has looked."""
    reviews.answer_review(
        review_id=request.id, verdict=verdict, note=NOTE, actor=staff_actor("clinician"), now=house.now
    )


def test_a_clinical_no_can_be_looked_at_by_a_person(client: Browser, house: House):
    page = told_no(client)
    assert 'href="/assessment/review"' in page
    assert "What should the clinician know?" in client.get("/assessment/review").text
    response = client.submit("/assessment/review", ASK)
    assert response.headers["Location"] == "/assessment/review/asked"
    assert "A clinician will look at it" in client.get("/assessment/review/asked").text
    row = asked()[0]
    assert b"rash" not in (row.words_sealed or b"")
    assert b"ana@" not in row.contact_sealed
    assert "We will write to you when there is an answer" in client.get("/assessment/result").text


def test_the_no_names_no_diagnosis_and_shows_every_alternative(client: Browser, house: House):
    page = told_no(client).partition("<main")[2].partition("</main")[0]
    for words in ("your own doctor", "ERP", "CBT", "infusions", "TMS", "988"):
        assert words in page, words
    for words in ("insurance", "covered", "schizo", 'href="/join"', "approved"):
        assert words not in page.lower(), words


@pytest.mark.parametrize(
    "changes",
    [
        {"zip": ["10001"]},
        {"born_on": ["11", "24", "2010"]},
        {"condition": ["chronic_pain"]},
        {"safety": ["cannot_stay_safe"]},
        {"mind": ["bipolar"]},
        {},
    ],
    ids=["place", "age", "policy", "emergency", "a clinician looks anyway", "no no at all"],
)
def test_what_no_clinician_could_open_is_not_looked_at(client: Browser, house: House, changes: dict[str, list[str]]):
    token = an_assessment(house, **changes)
    with pytest.raises(Rejected) as caught:
        reviews.ask_for_review(
            token=token,
            email="a@b.example",
            message="",
            locale="en",
            catalog=house.catalog,
            actor=VISITOR,
            now=house.now,
        )
    assert caught.value.code == "no_review"
    page = walk(client, {**HEALTHY, **changes}).text
    assert 'href="/assessment/review"' not in page
    client.submit("/assessment/review", ASK)
    assert asked() == []


def test_asking_twice_is_asking_once(client: Browser, house: House):
    told_no(client)
    for _ in range(2):
        page = client.submit("/assessment/review", ASK, follow_redirects=True)
        assert "A clinician will look at it" in page.text
    assert client.get("/assessment/review").headers["Location"] == "/assessment/review/asked"
    assert len(asked()) == 1


def test_asking_at_the_same_moment_is_asking_once(committed: House):
    house = committed
    token = an_assessment(house, **NO)

    def ask() -> None:
        reviews.ask_for_review(
            token=token,
            email="a@b.example",
            message="",
            locale="en",
            catalog=house.catalog,
            actor=VISITOR,
            now=house.now,
        )

    assert outcomes(*[ask] * 4) == ["done"] * 4
    assert len(asked()) == 1


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        ({**ASK, "email": ""}, "Enter your email address"),
        ({**ASK, "email": "ana at example"}, "email address in the correct format"),
        ({**ASK, "message": "x" * 2001}, "Keep it under 2,000 letters"),
    ],
)
def test_what_is_missing_or_too_long_is_said_beside_its_field(
    client: Browser, house: House, sent: dict[str, str], words: str
):
    told_no(client)
    page = client.submit("/assessment/review", sent)
    assert page.status_code == 422
    assert words in page.text
    assert asked() == []


def test_words_are_not_needed(client: Browser, house: House):
    told_no(client)
    client.submit("/assessment/review", {"email": "ana@example.com", "message": ""})
    assert asked()[0].words_sealed is None


def test_clinicians_see_who_waits_the_oldest_first(client: Browser, house: House):
    first = a_request(house)
    house.at(house.now + timedelta(hours=5))
    second = a_request(house, heart=["vessels"])
    client.sign_in(a_staff_member("clinician").user_id)
    page = client.get("/staff/reviews").text
    assert page.index(str(first.id)) < page.index(str(second.id))
    assert "5 h" in page
    assert "ana@example.com" not in page


def test_one_request_shows_answers_rules_and_words_and_leaves_a_trace(client: Browser, house: House):
    request = a_request(house)
    clinician = a_staff_member("clinician")
    client.sign_in(clinician.user_id)
    page = client.get(f"/staff/reviews/{request.id}").text
    for words in ("C15", "An allergy to ketamine", "My doctor says so.", "Open the way"):
        assert words in page, words
    assert "ana@example.com" not in page
    with db.reading() as session:
        seen = session.scalars(select(AuditEntry).where(AuditEntry.action == "record.view")).one()
    assert (seen.subject_kind, seen.subject_id, seen.actor_id) == ("review", request.id, clinician.user_id)


@pytest.mark.parametrize("role", ["owner", "coordinator", "billing", "auditor"])
def test_nobody_but_a_clinician_reads_or_answers_them(client: Browser, house: House, role: str):
    request, actor = a_request(house), staff_actor(role)
    for act in (
        lambda: reviews.open_reviews(actor=actor, now=house.now),
        lambda: reviews.open_review(review_id=request.id, catalog=house.catalog, actor=actor, now=house.now),
        lambda: reviews.answer_review(review_id=request.id, verdict="opened", note=NOTE, actor=actor, now=house.now),
    ):
        with pytest.raises(NotAllowed):
            act()
    client.sign_in(actor.user_id)  # type: ignore[arg-type]
    assert client.get("/staff/reviews").status_code == 403


def test_an_opened_way_leads_from_the_mail_to_an_account(client: Browser, app: Flask, house: House):
    request = a_request(house)
    staff = app.test_client()
    staff.sign_in(a_staff_member("clinician").user_id)
    sent = {"verdict": "opened", "note": NOTE}
    page = staff.submit(f"/staff/reviews/{request.id}", sent, follow_redirects=True)
    assert "Answered." in page.text
    ((address, facts),) = mails()
    assert address == "ana@example.com"
    assert "Read the answer" in client.get(facts["path"]).text
    assert client.get("/join").headers["Location"] == "/assessment", "looking changes nothing"
    page = client.submit(facts["path"], follow_redirects=True)
    assert "You can talk with a clinician" in page.text
    assert 'href="/join"' in page.text
    assert client.get("/join").status_code == 200
    with client.session_transaction(base_url="https://localhost") as session:
        token = session["assessment"]
    join(house, token)
    with db.reading() as session:
        patient = session.scalars(select(Patient)).one()
    assert enrollment_of(patient.id).status == "assessed"
    with db.reading() as session:
        assert session.scalars(select(Assessment)).one().outcome == "not_eligible", "what the answers said stays"


def test_once_whoever_asked_is_a_patient_their_request_opens_as_their_record_does(house: House):
    token = an_assessment(house, **NO)
    request = a_request(house, token)
    answered(house, request, "opened")
    join(house, token)
    with db.reading() as session:
        patient_id = session.scalars(select(Patient.id)).one()
    clinician = staff_actor("clinician")
    look = partial(reviews.open_review, review_id=request.id, catalog=house.catalog, actor=clinician, now=house.now)
    with pytest.raises(OutsideCareTeam):
        look()
    looking_after(clinician, patient_id)
    assert look().patient_id == patient_id
    with db.reading() as session:
        whose = session.scalars(select(AuditEntry.patient_id).where(AuditEntry.subject_kind == "review")).all()
    assert whose[-1] == patient_id, "it stands on their own list of who looked"


def test_a_no_that_stands_is_told_kindly_behind_the_link(client: Browser, house: House):
    answered(house, a_request(house), "stands")
    page = client.submit(mails()[0][1]["path"], follow_redirects=True).text
    assert "A clinician has looked at your answers" in page
    assert "your own doctor" in page
    assert NOTE not in page
    assert 'href="/join"' not in page
    assert 'href="/assessment/review"' not in page, "once for each attempt"
    assert client.get("/join").headers["Location"] == "/assessment/result"


@pytest.mark.parametrize("verdict", [None, "stands"])
def test_without_an_opened_way_no_account_is_made(house: House, verdict: str | None):
    token = an_assessment(house, **NO)
    reviews.ask_for_review(
        token=token, email="a@b.example", message="", locale="en", catalog=house.catalog, actor=VISITOR, now=house.now
    )
    if verdict:
        answered(house, asked()[0], verdict)
    with pytest.raises(Rejected) as caught:
        join(house, token)
    assert caught.value.code == "cannot_join"
    with db.reading() as session:
        assert session.scalars(select(Enrollment)).all() == []


def test_the_answer_is_given_once(house: House):
    request = a_request(house)
    actor = staff_actor("clinician")
    for _ in range(2):
        reviews.answer_review(review_id=request.id, verdict="stands", note=NOTE, actor=actor, now=house.now)
    assert len(mails()) == 1
    assert outcomes(
        lambda: reviews.answer_review(
            review_id=request.id, verdict="opened", note=NOTE, actor=staff_actor("clinician"), now=house.now
        )
    ) == ["review_answered"]
    assert asked()[0].verdict == "stands"


def test_two_clinicians_at_once_give_one_answer(committed: House):
    house = committed
    request = a_request(house)
    colleagues = {verdict: staff_actor("clinician") for verdict in ("stands", "opened")}

    def answer(verdict: str) -> None:
        reviews.answer_review(
            review_id=request.id, verdict=verdict, note=NOTE, actor=colleagues[verdict], now=house.now
        )

    work = [partial(answer, verdict) for verdict in colleagues]
    assert sorted(outcomes(*work)) == ["done", "review_answered"]
    assert len(mails()) == 1


@pytest.mark.parametrize("sent", [{"verdict": "opened"}, {"note": NOTE}, {"verdict": "maybe", "note": NOTE}])
def test_an_answer_needs_a_choice_and_a_note(client: Browser, house: House, sent: dict[str, str]):
    request = a_request(house)
    client.sign_in(a_staff_member("clinician").user_id)
    assert client.submit(f"/staff/reviews/{request.id}", sent).status_code == 422
    assert asked()[0].verdict is None


def test_an_answered_request_leaves_the_list_and_can_be_read(client: Browser, house: House):
    request = a_request(house)
    answered(house, request, "opened")
    client.sign_in(a_staff_member("clinician").user_id)
    assert str(request.id) not in client.get("/staff/reviews").text
    page = client.get(f"/staff/reviews/{request.id}").text
    assert "The way is open" in page
    assert NOTE in page


def test_the_answers_link_works_for_thirty_days_however_old_the_assessment_is(client: Browser, house: House):
    request = a_request(house)
    house.at(house.now + timedelta(days=40))
    answered(house, request, "opened")
    path = mails()[0][1]["path"]
    house.at(house.now + timedelta(days=29))
    page = client.submit(path, follow_redirects=True)
    assert "You can talk with a clinician" in page.text
    house.at(house.now + timedelta(days=2))
    assert client.get(path).status_code == 404


def test_an_emergency_told_after_the_way_was_opened_closes_it(client: Browser, house: House):
    token = an_assessment(house, **NO)
    reviews.ask_for_review(
        token=token, email="a@b.example", message="", locale="en", catalog=house.catalog, actor=VISITOR, now=house.now
    )
    answered(house, asked()[0], "opened")
    from service.enrollment.actions import answer

    answer.save_answer(
        token=token,
        question_id="safety",
        sent=["cannot_stay_safe"],
        revision=0,
        catalog=house.catalog,
        actor=VISITOR,
        now=house.now,
    )
    with pytest.raises(Rejected):
        join(house, token)
