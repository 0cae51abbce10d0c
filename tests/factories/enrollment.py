"""Assessments and enrollments for tests, made the way visitors and staff make them."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import select

from service.accounts.actions import confirmations
from service.enrollment import writes
from service.enrollment.actions import answer, waitlist
from service.enrollment.actions import join as joining
from service.enrollment.models import Assessment, Enrollment
from service.enrollment.queries.assessments import questionnaire
from service.kit import crypto, db
from service.kit.actor import Actor
from service.kit.ids import new_id, new_token, token_hash
from tests.factories.accounts import PASSWORD, Person

if TYPE_CHECKING:
    from werkzeug.test import TestResponse

    from tests.client import Browser
    from tests.conftest import House

VISITOR = Actor("visitor", address="127.0.0.1")
ZIPS = {"FL": "33101", "NJ": "07102"}
# What somebody sends who may qualify: nothing in it worries anybody. A date is month, day, year.
HEALTHY: dict[str, list[str]] = {
    "zip": ["33101"],
    "born_on": ["5", "17", "1990"],
    "condition": ["depression"],
    "safety": ["none"],
    "blood_pressure": ["usual"],
    "pressure_readings": [],
    "heart": ["none"],
    "mind": ["none"],
    "highs": ["no"],
    "pregnancy": ["no"],
    "substances": ["none"],
    "body": ["none"],
    "medicines": ["none"],
    "tried_medicines": ["none"],
    "therapy": ["none"],
    "earlier_treatments": ["none"],
    "home": ["none"],
    # asked only of some
    "losing_track": ["no"],
    "so_far": ["none"],
    "how_it_went": ["none"],
    "keeping_steady": ["steady"],
    "planning": ["yes"],
    "just_now": ["well"],
}
STEPS = {
    "booked": ("book",),
    "decided": ("book", "decide_approve"),
    "declined": ("book", "decide_decline"),
    "more_info": ("book", "ask_more"),
    "approved": ("book", "decide_approve", "complete"),
    "consented": ("book", "decide_approve", "complete", "sign_last_consent"),
    "active": ("book", "decide_approve", "complete", "sign_last_consent", "pay"),
    "ended": ("withdraw",),
}


def an_assessment(house: House, *, state: str = "FL", send: bool = True, **changes: list[str]) -> str:
    """An assessment answered in full. Returns its token. `send=False` leaves it at the summary."""
    token = answer.start(catalog=house.catalog, locale="en", actor=VISITOR, now=house.now)
    sent = {**HEALTHY, "zip": [ZIPS[state]], **changes}
    for revision, question in enumerate(q.id for q in questionnaire(house.catalog).questions if q.id in sent):
        saved = answer.save_answer(
            token=token,
            question_id=question,
            sent=sent[question],
            revision=revision,
            catalog=house.catalog,
            actor=VISITOR,
            now=house.now,
        )
        if saved.ended:
            return token
    if send:
        answer.submit(token=token, catalog=house.catalog, actor=VISITOR, now=house.now)
    return token


def join(house: House, token: str, *, email: str = "ana@example.com") -> None:
    """An account from an assessment."""
    joining.join(
        token=token,
        given_name="Ana",
        family_name="Rivera",
        email=email,
        password=PASSWORD,
        locale="en",
        catalog=house.catalog,
        actor=VISITOR,
        now=house.now,
    )
    the_worker_looks(house)


def the_worker_looks(house: House) -> None:
    """What pages only noted is answered by mail: who joined, who wants the link again, who waits for a state."""
    confirmations.mail_confirmations(closed=writes.withdraw_all, now=house.now)
    waitlist.mail_waitlist_links(now=house.now)


def an_enrollment(
    person: Person, *, status: str = "assessed", program: str = "depression", state: str = "FL", now: datetime
) -> UUID:
    """An enrollment of an existing patient, moved along the table to `status`. Returns its id."""
    assert person.patient_id is not None
    assessment_id = new_id()
    with db.transaction() as session:
        session.add(
            Assessment(
                id=assessment_id,
                token_hash=token_hash(new_token()),
                patient_id=person.patient_id,
                questionnaire_version="1",
                ruleset_version="1",
                disclaimer_version="1",
                program=program,
                state=state,
                answers_sealed=crypto.seal_json({}, "assessments", "answers", assessment_id),
                outcome="eligible",
                rule_ids_sealed=crypto.seal_json([], "assessments", "rule_ids", assessment_id),
                locale="en",
                started_at=now,
                submitted_at=now,
            )
        )
        session.flush()
        actor = Actor("patient", person.user_id, patient_id=person.patient_id)
        enrollment_id = writes.begin(
            session,
            patient_id=person.patient_id,
            assessment_id=assessment_id,
            program=program,
            state=state,
            actor=actor,
            now=now,
        )
        for event in STEPS.get(status, ()):
            writes.move(session, enrollment_id, event, actor, now)
    return enrollment_id


def enrollment_of(patient_id: UUID) -> Enrollment:
    """The patient's enrollment, as stored."""
    with db.reading() as session:
        return session.scalars(select(Enrollment).where(Enrollment.patient_id == patient_id)).one()


def fields(question_id: str, sent: list[str], revision: int) -> dict[str, Any]:
    """What the page of a question would post."""
    if question_id == "born_on":
        answer_fields: dict[str, Any] = {
            f"answer-{part}": value for part, value in zip(("month", "day", "year"), sent, strict=True)
        }
    elif question_id == "pressure_readings":
        answer_fields = dict(zip(("answer", "second"), [*sent, "", ""], strict=False))
    else:
        answer_fields = {"answer": sent if len(sent) > 1 else sent[0] if sent else ""}
    return {**answer_fields, "revision": str(revision)}


def walk(client: Browser, sent: dict[str, list[str]], *, until: str | None = None) -> TestResponse:
    """Start an assessment in the browser and answer page by page, following each redirect as it is given.

    Stops on the page `until` (not answered), at the summary, at a result, or where help is shown. Returns the page.
    """
    response = client.submit("/assessment")
    revision = 0
    while True:
        where = response.headers.get("Location", "")
        if response.status_code != 303:
            return response
        page = client.get(where)
        question_id = where.rsplit("/", 1)[-1]
        if question_id in (until, "check", "result"):
            return page
        assert page.status_code == 200, page.text
        response = client.submit(where, fields(question_id, sent[question_id], revision))
        revision += 1
