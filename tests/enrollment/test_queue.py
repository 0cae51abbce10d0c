"""The staff queue: who sees what, and that looking leaves a trace."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Engine, select

from service.accounts.models import SignIn
from service.audit.models import AuditEntry
from service.enrollment.actions import look
from service.enrollment.actions import queue as actions
from service.enrollment.models import Assessment, Enrollment
from service.enrollment.queries.assessments import opened
from service.enrollment.queries.queue import PAGE, Place, QueuePage, ahead
from service.enrollment.rules.queue import Wanted
from service.kit import access, crypto, db
from service.kit.clock import wall_now
from service.kit.errors import NotAllowed
from service.kit.ids import new_id
from service.safety.models import Alert, SafetyHold
from tests.client import Browser
from tests.conftest import House
from tests.factories.care import looking_after
from tests.factories.statements import counted
from tests.factories.visits import Applicant, a_clinician, an_applicant, book_the, booked, open_times, staff_actor


def _queue(house: House, **changes: Any) -> QueuePage:
    given = {"zone": "America/New_York", "actor": staff_actor("coordinator"), "now": house.now}
    pages = {name: changes.pop(name) for name in ("actor", "after", "before", "by_itself", "now") if name in changes}
    return actions.open_queue(**{**given, **pages}, wanted=Wanted(**changes)).page


def _flag(applicant: Applicant, house: House, table: type) -> None:
    times = {"placed_at": house.now} if table is SafetyHold else {"raised_at": house.now, "acknowledge_by": house.now}
    with db.transaction() as session:
        session.add(
            table(
                id=new_id(),
                code="X",
                patient_id=applicant.patient_id,
                source_kind="checkin",
                source_id=new_id(),
                **times,
            )
        )


def test_the_longest_waiting_comes_first_with_its_time_and_flag(house: House) -> None:
    a_clinician()
    first, second, third = (an_applicant(house.catalog, given_name=name) for name in ("First", "Second", "Third"))
    for hours, applicant in enumerate((first, second, third)):
        booked(applicant, house.now + timedelta(hours=hours))
    _flag(second, house, Alert)
    _flag(third, house, SafetyHold)
    house.at(house.now + timedelta(hours=3))
    rows = _queue(house).rows
    assert [row.patient_name.split()[0] for row in rows] == ["First", "Second", "Third"]
    assert [row.waited for row in rows] == [timedelta(hours=hours) for hours in (3, 2, 1)]
    assert [row.flag for row in rows] == ["none", "alert", "hold"]


def test_filters_narrow_the_list_and_counts_stay_whole(house: House) -> None:
    a_clinician()
    florida, jersey = an_applicant(house.catalog), an_applicant(house.catalog, "NJ")
    booked(jersey, house.now, "NJ")
    everyone = _queue(house, status="all")
    assert {row.enrollment_id for row in everyone.rows} == {florida.enrollment_id, jersey.enrollment_id}
    assert [row.enrollment_id for row in _queue(house).rows] == [jersey.enrollment_id]
    assert _queue(house, state="FL").rows == ()
    assert everyone.counts["assessed"] == everyone.counts["booked"] == 1


def test_the_next_page_begins_where_the_first_one_ended(house: House) -> None:
    made = [an_applicant(house.catalog, now=house.now - timedelta(minutes=n)) for n in range(PAGE + 2)]
    first = _queue(house, status="all")
    second = _queue(house, status="all", after=Place.read(str(first.following)))
    seen = [row.enrollment_id for row in (*first.rows, *second.rows)]
    assert len(first.rows) == PAGE
    assert seen == [one.enrollment_id for one in reversed(made)]
    assert second.following is None


@pytest.mark.parametrize("text", [None, "", "nonsense", "2026-11-23_x", "2026-11-23T10:00:00_" + "0" * 32])
def test_a_made_up_page_is_the_first(text: str | None) -> None:
    assert Place.read(text) is None


def test_looking_leaves_a_trace(house: House) -> None:
    applicant = an_applicant(house.catalog)
    clinician, coordinator = staff_actor("clinician"), staff_actor("coordinator")
    _queue(house, status="all", actor=coordinator)
    for actor in (clinician, coordinator):
        looking_after(actor, applicant.patient_id)
        look.open_record(enrollment_id=applicant.enrollment_id, catalog=house.catalog, actor=actor, now=house.now)
    with db.reading() as session:
        rows = session.execute(
            select(AuditEntry.action, AuditEntry.actor_id, AuditEntry.patient_id, AuditEntry.reason)
            .where(AuditEntry.action.in_(["queue.view", "record.view"]))
            .order_by(AuditEntry.id)
        ).all()
    assert [tuple(row) for row in rows] == [
        ("queue.view", coordinator.user_id, applicant.patient_id, None),
        ("record.view", clinician.user_id, applicant.patient_id, "clinical"),
        ("record.view", coordinator.user_id, applicant.patient_id, "logistics"),
    ]


def test_visits_that_nobody_recorded_never_hide_those_ahead(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ahead, "SHOWN", 1)
    a_clinician()
    left = [an_applicant(house.catalog) for _ in range(2)]
    for applicant in left:
        booked(applicant, house.now)
    house.at(house.now + timedelta(days=3))
    soon = an_applicant(house.catalog)
    booked(soon, house.now)
    found = look.open_visits(actor=staff_actor("coordinator"), now=house.now)
    assert [one.visit.patient_id for one in found] == [left[0].patient_id, soon.patient_id]


def test_a_clinician_may_look_at_their_own_visits_alone(house: House, client: Browser) -> None:
    maya = a_clinician()
    hers = an_applicant(house.catalog, given_name="Hera")
    booked(hers, house.now)
    noah = a_clinician(name="Dr. Noah Stein", states=("NJ",))
    his = an_applicant(house.catalog, "NJ", given_name="Hiram")
    time = next(one for one in open_times("NJ", house.now) if one.practitioner.id == noah.practitioner_id)
    book_the(time, his, house.now)
    client.sign_in(maya.user_id)
    assert "/staff/visits?with=me" in client.get("/staff/visits").text
    page = client.get("/staff/visits?with=me").text
    assert ("Hera" in page, "Hiram" in page) == (True, False)
    with db.reading() as session:
        seen = session.scalars(select(AuditEntry.patient_id).where(AuditEntry.action == "queue.view")).all()
    assert seen.count(his.patient_id) == 1, "by the page of everybody's alone"


def test_a_page_of_names_leaves_a_trace_for_each_of_them(house: House) -> None:
    a_clinician()
    applicants = [an_applicant(house.catalog) for _ in range(3)]
    for applicant in applicants[:2]:
        booked(applicant, house.now)
    coordinator = staff_actor("coordinator")
    _queue(house, status="all", actor=coordinator)
    look.open_visits(actor=coordinator, now=house.now)
    with db.reading() as session:
        rows = session.execute(
            select(AuditEntry.subject_kind, AuditEntry.patient_id).where(AuditEntry.action == "queue.view")
        ).all()
    assert {whose for kind, whose in rows if kind == "enrollment"} == {one.patient_id for one in applicants}
    assert {whose for kind, whose in rows if kind == "appointment"} == {one.patient_id for one in applicants[:2]}
    assert len(rows) == 5


@pytest.mark.parametrize("path", ["/staff/queue?status=all", "/staff/visits"])
def test_a_list_asks_the_database_as_often_for_many_people_as_for_one(
    house: House, client: Browser, engine: Engine, path: str
) -> None:
    a_clinician()
    viewer = staff_actor("coordinator")
    assert viewer.user_id is not None
    client.sign_in(viewer.user_id)

    def one_more() -> None:
        applicant = an_applicant(house.catalog)
        booked(applicant, house.now)
        look.take(
            enrollment_id=applicant.enrollment_id,
            catalog=house.catalog,
            actor=staff_actor("coordinator"),
            now=house.now,
        )
        _flag(applicant, house, Alert)

    def asked() -> int:
        with counted(engine) as seen:
            assert client.get(path).status_code == 200
        return len(seen)

    one_more()
    few = asked()
    for _ in range(4):
        one_more()
    assert asked() == few


def test_a_clinician_sees_the_answers_and_a_coordinator_does_not(house: House) -> None:
    applicant = an_applicant(house.catalog)
    seen = {
        role: look.open_record(
            enrollment_id=applicant.enrollment_id,
            catalog=house.catalog,
            actor=looking_after(staff_actor(role), applicant.patient_id),
            now=house.now,
        )
        for role in ("clinician", "coordinator", "owner")
    }
    assert seen["clinician"].clinical is not None
    assert "33101" in [line.answer for line in seen["clinician"].clinical.answers]
    assert [hit.rule_id for hit in seen["clinician"].clinical.hits] == ["H6"]
    for role in ("coordinator", "owner"):
        assert seen[role].clinical is None
        assert seen[role].born_on is None


def test_a_clinician_misses_no_answer_when_the_questions_have_changed(house: House, client: Browser) -> None:
    applicant = an_applicant(house.catalog)
    actor = looking_after(staff_actor("clinician"), applicant.patient_id)
    with db.transaction() as session:
        enrollment = session.get_one(Enrollment, applicant.enrollment_id)
        row = session.get_one(Assessment, enrollment.assessment_id)
        answers = {**opened(row), "thyroid": ["overactive", "treated"], "heart": "another_word"}
        row.answers_sealed = crypto.seal_json(answers, "assessments", "answers", row.id)
        row.rule_ids_sealed = crypto.seal_json(["OLD-7"], "assessments", "rule_ids", row.id)
    assert actor.user_id is not None
    client.sign_in(actor.user_id)
    page = client.get(f"/staff/enrollments/{applicant.enrollment_id}").text
    for stored in ("thyroid", "overactive, treated", "another_word", "OLD-7", "From earlier questions"):
        assert stored in page


@pytest.mark.parametrize("role", ["billing", "auditor"])
def test_billing_and_audit_cannot_read_a_record(house: House, client: Browser, role: str) -> None:
    applicant, actor = an_applicant(house.catalog), staff_actor(role)
    with pytest.raises(NotAllowed):
        look.open_record(enrollment_id=applicant.enrollment_id, catalog=house.catalog, actor=actor, now=house.now)
    assert actor.user_id is not None
    client.sign_in(actor.user_id)
    for path in ("/staff/queue", f"/staff/enrollments/{applicant.enrollment_id}", "/staff/visits"):
        assert client.get(path).status_code == 403


def test_the_pages_show_the_queue_and_a_record_by_role(house: House, client: Browser) -> None:
    a_clinician()
    applicant = an_applicant(house.catalog)
    booked(applicant, house.now)
    house.at(house.now + timedelta(minutes=40))
    clinician, coordinator = looking_after(staff_actor("clinician"), applicant.patient_id), staff_actor("coordinator")
    record = f"/staff/enrollments/{applicant.enrollment_id}"
    assert coordinator.user_id is not None
    client.sign_in(coordinator.user_id)
    queue = client.get("/staff/queue?status=booked&state=FL").text
    assert "Ana Rivera" in queue
    assert "40 min" in queue
    assert record in queue
    assert f"{record}/take" in queue
    assert client.submit(f"{record}/take").status_code == 303
    page = client.get(record).text
    assert "Only clinicians can read" in page
    assert "33101" not in page
    assert "Sam Okafor" in page
    assert "Ana Rivera" in client.get("/staff/visits").text
    assert clinician.user_id is not None
    client.sign_in(clinician.user_id)
    page = client.get(record).text
    assert "33101" in page
    assert "Record the visit and decide" in page


def test_a_patient_cannot_enter_the_queue(house: House, client: Browser) -> None:
    client.sign_in(an_applicant(house.catalog).person.user_id)
    assert client.get("/staff/queue").status_code == 403


def test_the_list_comes_as_a_part_where_a_script_asks_and_as_a_page_otherwise(house: House, client: Browser) -> None:
    an_applicant(house.catalog)
    viewer = staff_actor("coordinator").user_id
    assert viewer is not None
    client.sign_in(viewer)
    for path in ("/staff/queue?status=all", "/staff/queue/now?status=all"):
        page, part = client.get(path), client.get(path, headers={"HX-Request": "true"})
        assert "<html" in page.text
        assert "<html" not in part.text
        for answer in (page, part):
            assert "Ana Rivera" in answer.text
            assert "HX-Request" in answer.headers["Vary"]
    restored = client.get(
        "/staff/queue?status=all", headers={"HX-Request": "true", "HX-History-Restore-Request": "true"}
    )
    assert "<html" in restored.text


def test_looking_again_by_itself_keeps_nobody_signed_in(house: House, client: Browser, app: Flask) -> None:
    assert access.is_quiet(app.view_functions["enrollment_staff.queue_now"])
    assert not access.is_quiet(app.view_functions["enrollment_staff.queue"])
    viewer = staff_actor("coordinator").user_id
    assert viewer is not None
    sign_in_id = client.sign_in(viewer)
    long_ago = wall_now() - timedelta(minutes=8)
    with db.transaction() as session:
        session.get_one(SignIn, sign_in_id).seen_at = long_ago
    assert client.get("/staff/queue/now", headers={"HX-Request": "true"}).status_code == 200
    with db.reading() as session:
        assert session.get_one(SignIn, sign_in_id).seen_at == long_ago
    assert client.get("/staff/queue").status_code == 200
    with db.reading() as session:
        assert session.get_one(SignIn, sign_in_id).seen_at > long_ago


def test_no_address_of_the_list_says_anything_of_a_person(house: House, client: Browser) -> None:
    applicants = [an_applicant(house.catalog) for _ in range(PAGE + 1)]
    viewer = staff_actor("coordinator").user_id
    assert viewer is not None
    client.sign_in(viewer)
    page = client.get("/staff/queue?status=all").text
    addresses = " ".join(re.findall(r'(?:href|action|hx-get)="([^"]*)"', page))
    for word in ("Ana", "Rivera", applicants[0].person.email, str(applicants[0].patient_id)):
        assert word not in addresses


@pytest.mark.parametrize("what", ["take", "hand", "complete", "approve", ""])
def test_several_at_once_without_anybody_ticked_leads_back_to_the_list(
    house: House, client: Browser, what: str
) -> None:
    viewer = staff_actor("coordinator").user_id
    assert viewer is not None
    client.sign_in(viewer)
    for answer in (
        client.get("/staff/queue/together", query_string={"do": what, "enrollment": "x", "status": "all"}),
        client.submit("/staff/queue/together?status=all", {"do": what}),
    ):
        assert answer.status_code == 303
        assert answer.headers["Location"] == "/staff/queue?status=all"


def test_taking_two_goes_over_a_page_that_says_who_and_one_that_says_what_became(house: House, client: Browser) -> None:
    ana = an_applicant(house.catalog)
    bea = an_applicant(house.catalog, given_name="Bea")
    actor, colleague = staff_actor("coordinator"), staff_actor("clinician")
    look.take(enrollment_id=bea.enrollment_id, catalog=house.catalog, actor=colleague, now=house.now)
    assert actor.user_id is not None
    client.sign_in(actor.user_id)
    chosen = [str(one.enrollment_id) for one in (ana, bea)]
    page = client.get("/staff/queue/together", query_string={"do": "take", "enrollment": chosen}).text
    assert "Take 1 person" in page
    assert "A colleague looks after this already" in page
    sent = {"do": "take", "enrollment": [str(ana.enrollment_id)]}
    for _ in range(2):
        done = client.submit("/staff/queue/together", sent)
        assert done.status_code == 200
        assert "You look after 1 person now" in done.text
    page = client.get("/staff/queue?status=all&owner=mine").text
    assert "Ana Rivera" in page
    assert "Bea Rivera" not in page


def test_handing_over_asks_for_the_colleague_on_the_page_in_between(house: House, client: Browser) -> None:
    ana, actor, heir = an_applicant(house.catalog), staff_actor("coordinator"), staff_actor("clinician")
    look.take(enrollment_id=ana.enrollment_id, catalog=house.catalog, actor=actor, now=house.now)
    assert actor.user_id is not None
    client.sign_in(actor.user_id)
    sent = {"do": "hand", "enrollment": str(ana.enrollment_id)}
    assert "New owner" in client.get("/staff/queue/together", query_string=sent).text
    for nobody in ("", str(new_id())):
        assert client.submit("/staff/queue/together", {**sent, "heir_id": nobody}).status_code == 422
    done = client.submit("/staff/queue/together", {**sent, "heir_id": str(heir.user_id)})
    assert "Your colleague looks after 1 person now" in done.text
    with db.reading() as session:
        assert session.get_one(Enrollment, ana.enrollment_id).owner_id == heir.user_id


def test_a_person_is_found_by_address_and_the_address_is_in_no_link(house: House, client: Browser) -> None:
    ana, actor = an_applicant(house.catalog), staff_actor("coordinator")
    assert actor.user_id is not None
    client.sign_in(actor.user_id)
    found = client.submit("/staff/queue/find", {"email": ana.person.email})
    assert found.status_code == 200
    assert f"/staff/enrollments/{ana.enrollment_id}" in found.text
    assert "Nobody with an enrollment" in client.submit("/staff/queue/find", {"email": "no@example.com"}).text
    wrong = client.submit("/staff/queue/find", {"email": "Ana Rivera"})
    assert wrong.status_code == 422
    assert "Enter an e-mail address" in wrong.text
