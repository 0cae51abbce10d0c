"""Breaking the glass: a reason, an hour, an alert to an owner, and a review by somebody else."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

import pytest
from sqlalchemy import select

from service.accounts import queries as accounts
from service.accounts.models import BreakGlass, User
from service.audit.models import AuditEntry
from service.kit import db
from service.kit.actor import Actor
from service.kit.clock import wall_now
from service.kit.errors import Conflict, NotAllowed, NotFound, Rejected
from service.kit.ids import new_id
from service.safety import actions
from service.safety.models import Alert
from service.safety.queries import seen_during
from tests.factories.accounts import Person, a_patient, a_staff_member
from tests.factories.care import looking_after
from tests.factories.safety import alert, called

if TYPE_CHECKING:
    from tests.client import Browser
    from tests.conftest import House

REASON = "Her colleague is ill, and she has called us."
FORM = {"why": "covering", "reason": REASON}


def acting(person: Person, role: str) -> Actor:
    return Actor("staff", person.user_id, role)


def broken(house: House, actor: Actor, patient: Person, at: datetime | None = None) -> UUID:
    assert patient.patient_id is not None
    actions.break_glass(
        patient_id=patient.patient_id,
        why="covering",
        reason=REASON,
        catalog=house.catalog,
        actor=actor,
        now=house.now,
        wall_now=at or wall_now(),
    )
    return looks()[-1].id


def looks() -> list[BreakGlass]:
    with db.reading() as session:
        return list(session.scalars(select(BreakGlass).order_by(BreakGlass.opened_at, BreakGlass.id)))


def alerts_of(look: UUID) -> list[Alert]:
    with db.reading() as session:
        return list(session.scalars(select(Alert).where(Alert.source_id == look).order_by(Alert.raised_at)))


def judged(look: UUID, actor: Actor, house: House, *, justified: bool = True) -> None:
    actions.review(
        glass_id=look,
        justified=justified,
        text="I spoke with her: it was needed.",
        actor=actor,
        now=house.now,
        wall_now=wall_now(),
    )


def test_the_record_opens_for_an_hour_and_not_a_minute_longer(house: House) -> None:
    sam, patient = a_staff_member("coordinator"), a_patient()
    at = wall_now()
    broken(house, acting(sam, "coordinator"), patient, at)
    assert patient.patient_id is not None
    with db.reading() as session:
        for minutes, expected in ((0, True), (59, True), (60, False)):
            assert expected is accounts.may_open(
                session, patient_id=patient.patient_id, user_id=sam.user_id, wall_now=at + timedelta(minutes=minutes)
            )


def test_pressing_twice_is_one_look_and_a_new_hour_is_another(house: House) -> None:
    sam, patient, at = a_staff_member("coordinator"), a_patient(), wall_now()
    for minutes in (0, 30, 59):
        broken(house, acting(sam, "coordinator"), patient, at + timedelta(minutes=minutes))
    assert [look.expires_at for look in looks()] == [at + timedelta(minutes=60)], "nothing extends it"
    broken(house, acting(sam, "coordinator"), patient, at + timedelta(minutes=60))
    assert len(looks()) == 2


def test_it_says_who_looked_at_whom_and_why_but_seals_the_words(house: House) -> None:
    sam, patient = a_staff_member("coordinator"), a_patient()
    look = broken(house, acting(sam, "coordinator"), patient)
    with db.reading() as session:
        entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "break_glass.open")).one()
    assert (entry.actor_id, entry.patient_id, entry.subject_id) == (sam.user_id, patient.patient_id, look)
    assert (entry.reason, entry.outcome) == ("covering", "done")
    assert REASON.encode() not in looks()[0].reason_sealed


@pytest.mark.parametrize(
    ("role", "may"), [("clinician", True), ("owner", True), ("billing", False), ("auditor", False)]
)
def test_only_whoever_looks_after_patients_may_break_the_glass(house: House, role: str, may: bool) -> None:
    person, patient = a_staff_member(role), a_patient()
    if may:
        broken(house, acting(person, role), patient)
    else:
        with pytest.raises(NotAllowed):
            broken(house, acting(person, role), patient)
    assert len(looks()) == may


@pytest.mark.parametrize(("why", "reason"), [("covering", "  short  "), ("curious", REASON)])
def test_a_reason_is_a_sentence_of_a_known_kind(house: House, why: str, reason: str) -> None:
    sam, patient = a_staff_member("coordinator"), a_patient()
    assert patient.patient_id is not None
    with pytest.raises(Rejected):
        actions.break_glass(
            patient_id=patient.patient_id,
            why=why,
            reason=reason,
            catalog=house.catalog,
            actor=acting(sam, "coordinator"),
            now=house.now,
            wall_now=wall_now(),
        )
    assert looks() == []


def test_an_id_that_is_no_patients_opens_nothing(house: House) -> None:
    with pytest.raises(NotFound):
        broken(house, acting(a_staff_member("owner"), "owner"), Person(new_id(), "", new_id()))


def test_the_other_owners_are_called_and_nobody_else(house: House) -> None:
    first, second = a_staff_member("owner"), a_staff_member("owner")
    a_staff_member("auditor"), a_staff_member("clinician")
    broken(house, acting(first, "owner"), a_patient())
    assert called("look_to_review") == [second.user_id]


def test_where_the_only_owner_looked_the_auditor_is_called_and_reviews(house: House) -> None:
    owner, auditor = a_staff_member("owner"), a_staff_member("auditor")
    look = broken(house, acting(owner, "owner"), a_patient())
    assert called("look_to_review") == [auditor.user_id]
    with pytest.raises(NotAllowed):
        judged(look, acting(owner, "owner"), house)
    judged(look, acting(auditor, "auditor"), house)
    assert looks()[0].reviewed_by == auditor.user_id


def test_the_only_owner_is_told_before_and_on_the_team_page_that_nobody_could_review(
    client: Browser, house: House
) -> None:
    owner, patient = a_staff_member("owner"), a_patient()
    client.sign_in(owner.user_id)
    door = f"/staff/patients/{patient.patient_id}/break-glass"
    assert "Nobody here can review what you open" in client.get(door).text
    assert "a colleague reviews your reason" not in client.get(door).text
    assert "Nobody can review what the owner opens" in client.get("/staff/team").text
    assert client.submit(door, FORM).status_code == 303, "an emergency does not wait for an invitation"
    assert "Nobody can review this until" in client.get("/staff/break-glass").text
    for role in ("auditor", "owner"):
        second = a_staff_member(role)
        for page in (f"/staff/patients/{a_patient().patient_id}/break-glass", "/staff/team", "/staff/break-glass"):
            text = client.get(page).text
            assert "can review" not in text
        with db.transaction() as session:
            session.get_one(User, second.user_id).deactivated_at = house.now
    assert "Nobody can review what the owner opens" in client.get("/staff/team").text, "who left reviews nothing"


def test_a_coordinator_is_reviewed_by_the_one_owner(client: Browser, house: House) -> None:
    a_staff_member("owner")
    client.sign_in(a_staff_member("coordinator").user_id)
    page = client.get(f"/staff/patients/{a_patient().patient_id}/break-glass").text
    assert "a colleague reviews your reason" in page
    assert "Nobody here can review" not in page


def test_nobody_reviews_what_they_did_and_auditors_only_where_no_owner_can(house: House) -> None:
    sam, owner, auditor = a_staff_member("coordinator"), a_staff_member("owner"), a_staff_member("auditor")
    look = broken(house, acting(sam, "coordinator"), a_patient())
    for person, role in ((sam, "coordinator"), (auditor, "auditor")):
        with pytest.raises(NotAllowed):
            judged(look, acting(person, role), house)
    judged(look, acting(owner, "owner"), house, justified=False)
    assert looks()[0].justified is False


def test_a_review_is_kept_once_and_takes_the_alert(house: House) -> None:
    sam, owner = a_staff_member("coordinator"), a_staff_member("owner")
    look = broken(house, acting(sam, "coordinator"), a_patient())
    for _ in range(2):
        judged(look, acting(owner, "owner"), house)
    with pytest.raises(Conflict):
        judged(look, acting(a_staff_member("owner"), "owner"), house, justified=False)
    assert looks()[0].justified is True
    (raised,) = alerts_of(look)
    assert raised.acknowledged_by == owner.user_id


def test_the_alert_is_for_owners_and_never_for_whoever_looked(house: House) -> None:
    first, second, clinician = a_staff_member("owner"), a_staff_member("owner"), a_staff_member("clinician")
    look = broken(house, acting(first, "owner"), a_patient())
    (raised,) = alerts_of(look)
    assert raised.patient_id is None, "it is about a colleague, not about a patient's health"
    assert actions.open_list(actor=acting(clinician, "clinician")).open == []
    for person, role in ((clinician, "clinician"), (first, "owner")):
        with pytest.raises(NotAllowed):
            actions.acknowledge(alert_id=raised.id, actor=acting(person, role), now=house.now)
    actions.acknowledge(alert_id=raised.id, actor=acting(second, "owner"), now=house.now)
    assert alert(raised.id).acknowledged_by == second.user_id


def test_a_look_nobody_reviewed_for_seven_days_calls_again_and_then_once_a_week(house: House) -> None:
    sam, owner = a_staff_member("coordinator"), a_staff_member("owner")
    look, at = broken(house, acting(sam, "coordinator"), a_patient()), wall_now()

    def swept(days: int) -> int:
        return actions.call_for_reviews(
            catalog=house.catalog, now=house.now + timedelta(days=days), wall_now=at + timedelta(days=days)
        )

    assert swept(8) == 0, "its first alert is still open and climbs by itself"
    actions.acknowledge(alert_id=alerts_of(look)[0].id, actor=acting(owner, "owner"), now=house.now)
    assert [swept(days) for days in (6, 8, 8, 9)] == [0, 1, 0, 0]
    actions.acknowledge(alert_id=alerts_of(look)[1].id, actor=acting(owner, "owner"), now=house.now)
    assert [swept(days) for days in (12, 16)] == [0, 1]
    judged(look, acting(owner, "owner"), house)
    assert swept(30) == 0


def test_from_the_queue_to_the_record_and_the_review_as_people_walk_it(client: Browser, house: House) -> None:
    from tests.factories.visits import an_applicant

    sam, owner = a_staff_member("coordinator", name=("Sam", "Okafor")), a_staff_member("owner")
    applicant = an_applicant(house.catalog)
    record = f"/staff/enrollments/{applicant.enrollment_id}"
    client.sign_in(sam.user_id)
    turned = client.get(record)
    door = turned.headers["Location"]
    assert turned.status_code == 303
    page = client.get(door).text
    assert "You are not on the care team of Ana Rivera" in page
    assert "The patient can see that you looked." in page
    short = client.submit(door, {**FORM, "reason": "please", "next": record})
    assert short.status_code == 422
    assert "Write in a sentence what happened." in short.text
    opened = client.submit(door, {**FORM, "next": record})
    assert (opened.status_code, opened.headers["Location"]) == (303, record)
    page = client.get(record).text
    assert "You are in this record by break-glass until" in page
    assert "Only clinicians can read" in page, "an hour gives no other role"
    assert client.get(f"{record}/team").status_code == 403, "nor a place on the care team"
    client.sign_in(owner.user_id)
    assert "Sam Okafor" in client.get("/staff/break-glass").text
    (look,) = looks()
    page = client.get(f"/staff/break-glass/{look.id}").text
    assert REASON in page
    assert client.submit(f"/staff/break-glass/{look.id}", {"justified": "yes", "words": "no"}).status_code == 422
    assert (
        client.submit(f"/staff/break-glass/{look.id}", {"justified": "yes", "words": "It was needed."}).status_code
        == 303
    )
    assert "Justified" in client.get("/staff/break-glass").text


def test_an_auditor_sees_that_somebody_looked_but_neither_at_whom_nor_why(client: Browser, house: House) -> None:
    a_staff_member("owner")
    broken(
        house, acting(a_staff_member("coordinator", name=("Bo", "Lind")), "coordinator"), a_patient(given_name="Zora")
    )
    client.sign_in(a_staff_member("auditor").user_id)
    page = client.get("/staff/break-glass").text
    assert "Bo Lind" in page
    assert "Zora" not in page
    assert REASON not in page


def test_the_care_team_needs_no_reason(client: Browser, house: House) -> None:
    sam, patient = a_staff_member("coordinator"), a_patient()
    client.sign_in(looking_after(sam, patient.patient_id).user_id)
    door = f"/staff/patients/{patient.patient_id}/break-glass"
    assert client.get(f"{door}?next=/staff/visits").headers["Location"] == "/staff/visits"
    client.submit(door, FORM)
    assert looks() == []


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example", "/\\evil.example"])
def test_it_leads_to_no_other_site(client: Browser, house: House, target: str) -> None:
    client.sign_in(a_staff_member("coordinator").user_id)
    answer = client.submit(f"/staff/patients/{a_patient().patient_id}/break-glass", {**FORM, "next": target})
    assert answer.headers["Location"] == "/staff/queue"


def test_what_is_mailed_leads_to_the_list_and_names_nobody() -> None:
    from service.safety import emails

    assert emails.look_to_review().facts == {"path": "/staff/break-glass"}


def test_whoever_asks_to_look_reads_whom_they_could_ask_instead(client: Browser, house: House) -> None:
    sam, noor = a_staff_member("coordinator"), a_staff_member("clinician", name=("Noor", "Aziz"))
    patient = a_patient()
    client.sign_in(sam.user_id)
    door = f"/staff/patients/{patient.patient_id}/break-glass"
    assert "Nobody is on the care team now." in client.get(door).text
    looking_after(noor, patient.patient_id)
    page = client.get(door).text
    assert "Noor Aziz" in page
    assert "Ask one of these colleagues" in page


def test_a_review_shows_what_was_opened_in_that_hour_and_nothing_else(client: Browser, house: House) -> None:
    from service.audit import writes as audit

    sam, owner, patient, bea = a_staff_member("coordinator"), a_staff_member("owner"), a_patient(), a_patient()
    look = broken(house, acting(sam, "coordinator"), patient)
    others = acting(a_staff_member("clinician"), "clinician")
    with db.transaction() as session:
        for actor, action, kind, whose in (
            (acting(sam, "coordinator"), "record.view", "enrollment", patient),
            (acting(sam, "coordinator"), "encounter.sign", "encounter", bea),
            (others, "visit.miss", "visit", patient),
        ):
            audit.record(session, actor, action, kind, patient_id=whose.patient_id)
    client.sign_in(owner.user_id)
    page = client.get(f"/staff/break-glass/{look}").text
    assert "Looked at the enrollment and what was answered" in page
    assert "Signed the record of a visit" not in page, "another patient"
    assert "Noted a missed visit" not in page, "another colleague"
    assert f"patient={patient.patient_id}" in page
    assert f"who={sam.user_id}" in page
    assert "may be a breach" in page
    with db.reading() as session:
        (kept,) = looks()
        late = seen_during(
            session,
            patient_id=kept.patient_id,
            user_id=sam.user_id,
            since=kept.expires_at,
            until=kept.expires_at + timedelta(hours=1),
            limit=9,
        )
    assert late == []


def test_a_look_of_the_only_owner_says_that_an_auditor_reviews_it(client: Browser, house: House) -> None:
    owner, _ = a_staff_member("owner"), a_staff_member("auditor")
    broken(house, acting(owner, "owner"), a_patient())
    client.sign_in(owner.user_id)
    assert "an auditor reviews this" in client.get("/staff/break-glass").text
    a_staff_member("owner")
    page = client.get("/staff/break-glass").text
    assert "an auditor reviews this" not in page
    assert "An owner other than whoever looked reviews this." in page
