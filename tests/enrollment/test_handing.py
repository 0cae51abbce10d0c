"""One visit goes to a colleague, or is called off, while its clinician stays."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select, update

from service.accounts.queries.care import on_care_team
from service.audit.models import AuditEntry
from service.enrollment.actions import hand
from service.kit import db
from service.kit.actor import Actor
from service.kit.errors import Conflict, NotAllowed, NotFound
from service.kit.ids import new_id
from service.visits.models import LicenseRecord, Practitioner
from tests.client import Browser
from tests.conftest import House
from tests.enrollment.test_parting import a_visit, mails, status_of, visit_of
from tests.factories.booking import confirmed, held
from tests.factories.care import looking_after
from tests.factories.visits import Applicant, a_clinician, an_applicant, open_times, staff_actor


def carer(applicant: Applicant, role: str = "coordinator") -> Actor:
    """Somebody who looks after this patient."""
    return looking_after(staff_actor(role), applicant.patient_id)


def give(house: House, applicant: Applicant, to: UUID | None, actor: Actor | None = None) -> None:
    visit = visit_of(applicant)
    assert visit is not None
    hand.place_visit(appointment_id=visit.id, to=to, actor=actor or carer(applicant), now=house.now)


def test_a_visit_whose_clinician_lost_the_license_goes_to_a_colleague_and_they_stay(house: House) -> None:
    lapsed = a_clinician()
    applicant = a_visit(house)
    colleague = a_clinician(name="Dr. Noah Stein")
    with db.transaction() as session:
        there = LicenseRecord.id == lapsed.license_ids["FL"]
        session.execute(update(LicenseRecord).where(there).values(ended_at=house.now))
    before = visit_of(applicant)
    assert before is not None
    page = hand.open_visit(appointment_id=before.id, actor=carer(applicant), now=house.now)
    assert [one.id for one in page.colleagues] == [colleague.practitioner_id]
    give(house, applicant, colleague.practitioner_id)
    after = visit_of(applicant)
    assert after is not None
    assert (after.id, after.starts_at, after.practitioner_id) == (
        before.id,
        before.starts_at,
        colleague.practitioner_id,
    )
    assert mails(applicant)[-1] == "visit_with_another"
    with db.reading() as session:
        team = [
            on_care_team(session, patient_id=applicant.patient_id, user_id=one.user_id) for one in (lapsed, colleague)
        ]
        assert session.get_one(Practitioner, lapsed.practitioner_id).left_on is None
        assert "visit.hand_over" in session.scalars(select(AuditEntry.action)).all()
    assert team == [False, True]


def test_there_and_back_again_the_patient_hears_each_time(house: House) -> None:
    first = a_clinician()
    applicant = a_visit(house)
    second = a_clinician(name="Dr. Noah Stein")
    for to in (second, first, second):
        give(house, applicant, to.practitioner_id)
        house.at(house.now + timedelta(minutes=1))
    assert mails(applicant).count("visit_with_another") == 3


def test_a_visit_nobody_can_hold_is_called_off_once(house: House) -> None:
    a_clinician()
    applicant = a_visit(house)
    visit = visit_of(applicant)
    assert visit is not None
    give(house, applicant, None)
    assert (visit_of(applicant), status_of(applicant)) == (None, "assessed")
    with pytest.raises(Conflict):
        hand.place_visit(appointment_id=visit.id, to=None, actor=carer(applicant), now=house.now)
    assert mails(applicant).count("visit_called_off") == 1


def test_who_is_not_licensed_there_or_not_free_does_not_get_it(house: House) -> None:
    a_clinician()
    applicant = a_visit(house)
    elsewhere, off = a_clinician(states=("NJ",)), a_clinician(weekdays=(5,))
    for to in (elsewhere.practitioner_id, off.practitioner_id, new_id()):
        with pytest.raises((Conflict, NotFound)):
            give(house, applicant, to)
    assert mails(applicant) == ["visit_booked"]


def test_only_whoever_looks_after_the_patient_and_only_until_it_is_over(house: House) -> None:
    a_clinician()
    applicant, stranger = a_visit(house), an_applicant(house.catalog)
    for actor in (staff_actor("coordinator"), staff_actor("billing"), stranger.actor):
        with pytest.raises(NotAllowed):
            give(house, applicant, None, actor)
    kept = held(house, stranger, open_times("FL", house.now)[0])
    with pytest.raises(NotFound):
        hand.open_visit(appointment_id=kept, actor=carer(stranger), now=house.now)
    visit = visit_of(applicant)
    assert visit is not None
    house.at(visit.ends_at)
    with pytest.raises(Conflict):
        give(house, applicant, None)


def test_through_the_page(house: House, client: Browser) -> None:
    a_clinician()
    applicant = a_visit(house)
    colleague = a_clinician(name="Dr. Noah Stein")
    visit, actor = visit_of(applicant), carer(applicant)
    assert visit is not None
    assert actor.user_id is not None
    client.sign_in(actor.user_id)
    path = f"/staff/visits/{visit.id}/hand"
    assert path in client.get(f"/staff/visits/{visit.id}/room").text
    assert "Give it to Dr. Noah Stein, MD" in client.get(path).text
    assert client.submit(path).status_code == 422
    sent = {f"visit-{visit.id}": str(colleague.practitioner_id)}
    page = client.submit(path, sent, follow_redirects=True).text
    assert "The visit is with your colleague now." in page
    now_with = visit_of(applicant)
    assert now_with is not None
    assert now_with.practitioner_id == colleague.practitioner_id
    house.at(visit.ends_at)
    assert client.get(path).location == f"/staff/visits/{visit.id}/room"


def test_whoever_records_it_reads_that_a_physician_was_asked_for(house: House, client: Browser) -> None:
    doctor = a_clinician()
    applicant = an_applicant(house.catalog, "NJ")
    nurse = a_clinician(name="Nora Reed", credentials="APRN")
    looking_after(nurse.actor, applicant.patient_id)
    client.sign_in(nurse.user_id)
    doctors = [one for one in open_times("NJ", house.now) if one.practitioner.id == doctor.practitioner_id]
    for number, asked in enumerate((False, True)):
        confirmed(house, applicant, held(house, applicant, doctors[number], physician_only=asked))
        page = client.get(f"/staff/enrollments/{applicant.enrollment_id}/encounter").text
        assert ("asked to be seen by a physician" in page) is asked
