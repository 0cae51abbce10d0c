"""Who looks after whom: how one joins, how one leaves, and what stays shut to everybody else."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select, update

from service.accounts import queries as accounts
from service.accounts import writes as people
from service.accounts.models import CareTeamMember, User
from service.audit.models import AuditEntry
from service.enrollment import writes
from service.enrollment.actions import book, complete, decide, look, miss, team
from service.kit import db
from service.kit.actor import SYSTEM, Actor
from service.kit.clock import wall_now
from service.kit.errors import Conflict, NotAllowed, OutsideCareTeam, Rejected
from service.safety import actions as safety
from tests.client import Browser
from tests.conftest import House
from tests.factories.accounts import a_staff_member
from tests.factories.care import looking_after
from tests.factories.safety import a_hold, an_alert
from tests.factories.visits import Applicant, a_clinician, a_record, an_applicant, booked, staff_actor, visit_at


def on_team(applicant: Applicant, user_id: UUID | None) -> bool:
    assert user_id is not None
    with db.reading() as session:
        return accounts.on_care_team(session, patient_id=applicant.patient_id, user_id=user_id)


def reasons(applicant: Applicant) -> dict[UUID, str]:
    with db.reading() as session:
        return {one.user_id: one.why for one in accounts.care_team(session, applicant.patient_id)}


def test_a_booked_clinician_looks_after_the_patient_and_leaves_when_the_visit_is_cancelled(house: House) -> None:
    clinician, applicant = a_clinician(), an_applicant(house.catalog)
    visit = booked(applicant, house.now)
    assert reasons(applicant) == {clinician.user_id: "visit"}
    for _ in range(2):
        book.cancel_visit(appointment_id=visit, catalog=house.catalog, actor=applicant.actor, now=house.now)
    assert reasons(applicant) == {}


def test_whoever_has_another_reason_stays_when_a_visit_is_cancelled(house: House) -> None:
    clinician, applicant = a_clinician(), an_applicant(house.catalog)
    visit = booked(applicant, house.now)
    look.take(enrollment_id=applicant.enrollment_id, catalog=house.catalog, actor=clinician.actor, now=house.now)
    book.cancel_visit(appointment_id=visit, catalog=house.catalog, actor=applicant.actor, now=house.now)
    assert on_team(applicant, clinician.user_id), "they own the enrollment"


def test_taking_what_nobody_has_is_joining_and_taking_a_colleagues_is_not_possible(house: House) -> None:
    applicant, sam, ines = an_applicant(house.catalog), staff_actor("coordinator"), staff_actor("coordinator")
    for _ in range(2):
        look.take(enrollment_id=applicant.enrollment_id, catalog=house.catalog, actor=sam, now=house.now)
    assert reasons(applicant) == {sam.user_id: "took"}
    for grabbing in (ines, staff_actor("owner")):
        with pytest.raises(Conflict):
            look.take(enrollment_id=applicant.enrollment_id, catalog=house.catalog, actor=grabbing, now=house.now)
    assert not on_team(applicant, ines.user_id)


def test_what_somebody_owned_who_left_the_staff_can_be_taken(house: House) -> None:
    applicant, sam, ines = an_applicant(house.catalog), staff_actor("coordinator"), staff_actor("coordinator")
    look.take(enrollment_id=applicant.enrollment_id, catalog=house.catalog, actor=sam, now=house.now)
    assert sam.user_id is not None
    with db.transaction() as session:
        session.get_one(User, sam.user_id).deactivated_at = house.now
        people.leave_every_care_team(session, user_id=sam.user_id)
    look.take(enrollment_id=applicant.enrollment_id, catalog=house.catalog, actor=ines, now=house.now)
    assert reasons(applicant) == {ines.user_id: "took"}


@pytest.mark.parametrize("role", ["billing", "auditor"])
def test_billing_and_auditors_never_look_after_anybody(house: House, role: str) -> None:
    applicant, actor = an_applicant(house.catalog), staff_actor(role)
    with pytest.raises(NotAllowed):
        look.take(enrollment_id=applicant.enrollment_id, catalog=house.catalog, actor=actor, now=house.now)
    looking_after(actor, applicant.patient_id)  # a row from before their role was changed opens nothing
    with db.reading() as session, pytest.raises(NotAllowed):
        accounts.check_may_open(session, actor, applicant.patient_id)
    assert actor.user_id is not None
    with pytest.raises(Rejected):
        team.assign(enrollment_id=applicant.enrollment_id, user_id=actor.user_id, actor=staff_actor("owner"))


def test_taking_an_alert_of_a_patient_is_joining(house: House) -> None:
    applicant, actor = an_applicant(house.catalog), staff_actor("clinician")
    safety.acknowledge(alert_id=an_alert(house, patient_id=applicant.patient_id), actor=actor, now=house.now)
    assert reasons(applicant) == {actor.user_id: "alert"}


def test_when_care_ends_nobody_looks_after_the_patient_any_more(house: House) -> None:
    applicant = an_applicant(house.catalog)
    actors = [looking_after(staff_actor(role), applicant.patient_id) for role in ("clinician", "owner")]
    with db.transaction() as session:
        writes.move(session, applicant.enrollment_id, "withdraw", SYSTEM, house.now)
    assert not any(on_team(applicant, actor.user_id) for actor in actors)


def test_a_colleague_is_asked_in_and_let_go_but_nobody_adds_themselves(house: House) -> None:
    applicant, sam, ines = an_applicant(house.catalog), staff_actor("coordinator"), staff_actor("coordinator")
    look.take(enrollment_id=applicant.enrollment_id, catalog=house.catalog, actor=sam, now=house.now)
    enrollment_id = applicant.enrollment_id
    assert ines.user_id is not None
    assert sam.user_id is not None
    with pytest.raises(OutsideCareTeam):
        team.assign(enrollment_id=enrollment_id, user_id=ines.user_id, actor=ines)
    owner = staff_actor("owner")
    assert owner.user_id is not None
    with pytest.raises(NotAllowed):
        team.assign(enrollment_id=enrollment_id, user_id=owner.user_id, actor=owner)
    for _ in range(2):
        team.assign(enrollment_id=enrollment_id, user_id=ines.user_id, actor=sam)
    assert reasons(applicant) == {sam.user_id: "took", ines.user_id: "assigned"}
    with pytest.raises(Conflict):
        team.remove(enrollment_id=enrollment_id, user_id=sam.user_id, why="done", actor=ines)
    for _ in range(2):
        team.remove(enrollment_id=enrollment_id, user_id=ines.user_id, why="done", actor=sam)
    assert reasons(applicant) == {sam.user_id: "took"}


def test_leaving_asks_first_why_and_the_reason_is_noted(house: House, client: Browser) -> None:
    applicant, sam = an_applicant(house.catalog), a_staff_member("coordinator", name=("Sam", "Okafor"))
    client.sign_in(looking_after(sam, applicant.patient_id).user_id)
    other = looking_after(a_staff_member("coordinator", name=("Ines", "Duarte")), applicant.patient_id)
    path = f"/staff/enrollments/{applicant.enrollment_id}/team"
    assert "Remove Ines Duarte from the care team" in client.get(f"{path}/{other.user_id}/remove").text
    assert on_team(applicant, other.user_id), "looking at the page changes nothing"
    without = client.submit(f"{path}/{other.user_id}/remove")
    assert without.status_code == 422
    assert "Choose why" in without.text
    assert client.submit(f"{path}/{other.user_id}/remove", {"why": "curious"}).status_code == 422
    for _ in range(2):
        client.submit(f"{path}/{other.user_id}/remove", {"why": "handed"})
    assert not on_team(applicant, other.user_id)
    with db.reading() as session:
        noted = session.scalars(select(AuditEntry).where(AuditEntry.action == "care_team.remove")).all()
    assert [(one.subject_id, one.reason) for one in noted] == [(other.user_id, "handed")]
    assert client.get(f"{path}/{other.user_id}/remove").status_code == 303, "gone already: back to the team"
    assert "My part is done" in client.get(f"{path}/{sam.user_id}/remove").text
    client.submit(f"{path}/{sam.user_id}/remove", {"why": "done"})
    assert "You are no longer on the care team." in client.get("/staff/queue").text
    assert not on_team(applicant, sam.user_id)


def test_whoever_has_a_visit_booked_stays_and_the_last_clinician_is_warned_of(house: House, client: Browser) -> None:
    clinician, applicant = a_clinician(), an_applicant(house.catalog)
    visit = booked(applicant, house.now)
    client.sign_in(a_staff_member("owner").user_id)
    path = f"/staff/enrollments/{applicant.enrollment_id}/team/{clinician.user_id}/remove"
    page = client.get(path).text
    assert "A visit is booked for" in page
    assert "Choose" not in page
    client.submit(path, {"why": "done"})
    assert on_team(applicant, clinician.user_id)
    looking_after(clinician.actor, applicant.patient_id)
    with db.transaction() as session:  # another reason to be there than the visit
        session.execute(update(CareTeamMember).values(why="assigned"))
    book.cancel_visit(appointment_id=visit, catalog=house.catalog, actor=applicant.actor, now=house.now)
    assert "the last clinician" in client.get(path).text
    looking_after(staff_actor("clinician"), applicant.patient_id)
    assert "the last clinician" not in client.get(path).text
    client.submit(path, {"why": "done"})
    assert not on_team(applicant, clinician.user_id)


def test_its_owner_or_the_practices_hands_over_and_nobody_else(house: House) -> None:
    applicant, sam, ines = an_applicant(house.catalog), staff_actor("coordinator"), staff_actor("coordinator")
    olive, noor = staff_actor("owner"), staff_actor("clinician")
    enrollment_id = applicant.enrollment_id
    look.take(enrollment_id=enrollment_id, catalog=house.catalog, actor=sam, now=house.now)
    assert ines.user_id is not None
    assert olive.user_id is not None
    assert noor.user_id is not None
    looking_after(noor, applicant.patient_id)
    for actor, heir in ((noor, noor.user_id), (noor, ines.user_id), (ines, ines.user_id), (olive, olive.user_id)):
        with pytest.raises(NotAllowed):
            team.hand_over(enrollment_id=enrollment_id, user_id=heir, actor=actor)
    team.hand_over(enrollment_id=enrollment_id, user_id=ines.user_id, actor=sam)
    with pytest.raises(NotAllowed):
        team.hand_over(enrollment_id=enrollment_id, user_id=noor.user_id, actor=sam)
    team.hand_over(enrollment_id=enrollment_id, user_id=noor.user_id, actor=olive)
    assert reasons(applicant)[ines.user_id] == "assigned"


ACTS: dict[str, tuple[str, Callable[[House, Applicant, Actor], object]]] = {
    "opens the record": (
        "clinician",
        lambda house, one, actor: look.open_record(
            enrollment_id=one.enrollment_id, catalog=house.catalog, actor=actor, now=house.now
        ),
    ),
    "decides": (
        "clinician",
        lambda house, one, actor: decide.record_decision(
            enrollment_id=one.enrollment_id,
            record=a_record(house.now),
            catalog=house.catalog,
            actor=actor,
            now=house.now,
        ),
    ),
    "completes": (
        "coordinator",
        lambda house, one, actor: complete.complete_approval(
            enrollment_id=one.enrollment_id, catalog=house.catalog, actor=actor, now=house.now
        ),
    ),
    "notes a missed visit": (
        "coordinator",
        lambda house, one, actor: miss.mark_missed(enrollment_id=one.enrollment_id, actor=actor, now=house.now),
    ),
    "sees the care team": (
        "coordinator",
        lambda house, one, actor: team.open_team(enrollment_id=one.enrollment_id, actor=actor),
    ),
    "opens a hold": (
        "clinician",
        lambda house, one, actor: safety.open_hold(hold_id=a_hold(house, patient_id=one.patient_id), actor=actor),
    ),
    "lifts a hold": (
        "clinician",
        lambda house, one, actor: safety.lift_hold(
            hold_id=a_hold(house, patient_id=one.patient_id),
            reason="She is safe, and her sister is with her.",
            actor=actor,
            now=house.now,
        ),
    ),
}


@pytest.mark.parametrize("act", ACTS)
def test_outside_the_care_team_nobody(house: House, act: str) -> None:
    a_clinician()
    applicant = an_applicant(house.catalog)
    booked(applicant, house.now)
    house.at((visit_at(applicant) or house.now) + timedelta(hours=1))
    role, doing = ACTS[act]
    actor = a_clinician(name="Dr. Else").actor if role == "clinician" else staff_actor(role)
    with pytest.raises(OutsideCareTeam) as no:
        doing(house, applicant, actor)
    assert no.value.patient_id == applicant.patient_id
    looking_after(actor, applicant.patient_id)
    if act == "completes":  # nothing was decided yet: that is what the care team hears
        with pytest.raises(Conflict):
            doing(house, applicant, actor)
    else:
        doing(house, applicant, actor)


@pytest.mark.parametrize("act", ["decides", "completes", "notes a missed visit", "lifts a hold"])
def test_an_emergency_look_changes_nothing(house: House, act: str) -> None:
    a_clinician()
    applicant = an_applicant(house.catalog)
    booked(applicant, house.now)
    house.at((visit_at(applicant) or house.now) + timedelta(hours=1))
    role, doing = ACTS[act]
    actor = a_clinician(name="Dr. Else").actor if role == "clinician" else staff_actor(role)
    assert actor.user_id is not None
    with db.transaction() as session:
        people.break_glass(
            session,
            patient_id=applicant.patient_id,
            user_id=actor.user_id,
            why="covering",
            reason="A colleague fell ill.",
            at=wall_now(),
        )
    with pytest.raises(NotAllowed) as refused:
        doing(house, applicant, actor)
    assert refused.value.code == "only_reading"


def test_a_role_taken_away_while_signed_in_ends_at_the_next_page(house: House, client: Browser) -> None:
    applicant, person = an_applicant(house.catalog), a_staff_member("clinician")
    client.sign_in(looking_after(person, applicant.patient_id).user_id)
    record = f"/staff/enrollments/{applicant.enrollment_id}"
    assert "33101" in client.get(record).text
    with db.transaction() as session:
        session.get_one(User, person.user_id).role = "coordinator"
    assert "33101" not in client.get(record).text
    with db.transaction() as session:
        session.get_one(User, person.user_id).role = "billing"
    assert client.get(record).status_code == 403
    assert client.submit(f"{record}/complete").status_code == 403


def test_a_form_changes_nothing_but_what_it_asks_for(house: House, client: Browser) -> None:
    """Mass assignment: fields that no page offers are not read."""
    applicant, sam = an_applicant(house.catalog), a_staff_member("coordinator")
    stranger = a_staff_member("billing").user_id
    client.sign_in(sam.user_id)
    record = f"/staff/enrollments/{applicant.enrollment_id}"
    more = {"owner_id": str(stranger), "status": "approved", "why": "visit", "until": "", "role": "owner"}
    assert client.submit(f"{record}/take", more).status_code == 303
    assert reasons(applicant) == {sam.user_id: "took"}
    assert client.submit(f"{record}/team", {**more, "user_id": str(stranger)}).status_code == 422
    assert client.submit(f"{record}/hand-over", {**more, "heir_id": str(sam.user_id)}).status_code == 422
    assert reasons(applicant) == {sam.user_id: "took"}
    with db.reading() as session:
        assert session.get_one(User, sam.user_id).role == "coordinator"


def test_ids_swapped_between_a_patient_and_an_enrollment_lead_nowhere(house: House, client: Browser) -> None:
    applicant, sam = an_applicant(house.catalog), a_staff_member("coordinator")
    client.sign_in(looking_after(sam, applicant.patient_id).user_id)
    for path in (
        f"/staff/enrollments/{applicant.patient_id}",
        f"/staff/enrollments/{applicant.patient_id}/team",
        f"/staff/patients/{applicant.enrollment_id}/break-glass",
        f"/staff/patients/{applicant.person.user_id}/break-glass",
    ):
        assert client.get(path).status_code == 404, path
