"""Booking the free consultation."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import UUID

import pytest
from sqlalchemy import select

from service.accounts.models import User
from service.audit.models import AuditEntry
from service.enrollment.actions import book, hold
from service.enrollment.forms.booking import slot_value
from service.enrollment.models import Enrollment
from service.kit import db
from service.kit.errors import Conflict, NotFound, Rejected
from service.mail.models import OutboxMessage
from service.visits import queries as visits
from tests.client import Browser
from tests.conftest import House
from tests.factories.accounts import a_staff_member
from tests.factories.booking import confirmed, held
from tests.factories.visits import Applicant, a_clinician, an_applicant, booked, open_times


def _status(enrollment_id: object) -> str:
    with db.reading() as session:
        return session.scalars(select(Enrollment.status).where(Enrollment.id == enrollment_id)).one()


def _cancel(house: House, who: Applicant, visit_id: UUID, later: timedelta = timedelta(0)) -> None:
    book.cancel_visit(appointment_id=visit_id, catalog=house.catalog, actor=who.actor, now=house.now + later)


def _templates() -> list[str]:
    with db.reading() as session:
        return list(session.scalars(select(OutboxMessage.template).order_by(OutboxMessage.created_at)))


def test_booking_keeps_the_time_moves_the_enrollment_and_writes_a_mail(house: House) -> None:
    a_clinician()
    applicant = an_applicant(house.catalog)
    appointment_id = booked(applicant, house.now)
    with db.reading() as session:
        visit = visits.booked_visit(session, applicant.patient_id)
        actions = set(session.scalars(select(AuditEntry.action)))
    assert visit is not None
    assert (visit.id, visit.with_whom) == (appointment_id, "Dr. Maya Lin, MD")
    assert _status(applicant.enrollment_id) == "booked"
    assert _templates() == ["visit_booked"]
    assert {"enrollment.book", "visit.book"} <= actions


def test_booking_the_same_time_twice_is_one_booking(house: House) -> None:
    a_clinician()
    applicant = an_applicant(house.catalog)
    first = open_times("FL", house.now)[0]
    ids = [held(house, applicant, first) for _ in range(2)]
    assert ids[0] == ids[1]
    assert [confirmed(house, applicant, ids[0]) for _ in range(2)] == [False, False]
    assert _templates() == ["visit_booked"]


def test_a_time_that_was_never_offered_cannot_be_booked(house: House) -> None:
    clinician, applicant = a_clinician(), an_applicant(house.catalog)
    with pytest.raises(Conflict) as no:
        hold.hold_time(
            practitioner_id=clinician.practitioner_id,
            starts_at=house.now + timedelta(minutes=7),
            catalog=house.catalog,
            actor=applicant.actor,
            now=house.now,
        )
    assert no.value.code == "time_taken"


def test_nobody_books_before_the_address_is_confirmed(house: House) -> None:
    a_clinician()
    applicant = an_applicant(house.catalog, confirmed=False)
    with pytest.raises(Rejected) as no:
        booked(applicant, house.now)
    assert no.value.code == "address_not_confirmed"


def test_only_clinicians_licensed_in_the_patients_state_are_offered(house: House) -> None:
    a_clinician(name="Dr. Only Jersey", states=("NJ",))
    a_clinician(name="Dr. Ends Today", expires_on=date(2026, 11, 23))
    florida = a_clinician(name="Dr. Only Florida", states=("FL",))
    offered = {time.practitioner.id for time in open_times("FL", house.now)}
    assert offered == {florida.practitioner_id}


def test_cancelling_opens_the_time_again_and_once_is_enough(house: House) -> None:
    a_clinician()
    applicant = an_applicant(house.catalog)
    before = open_times("FL", house.now)
    appointment_id = booked(applicant, house.now)
    assert len(open_times("FL", house.now)) == len(before) - 1
    for _ in range(2):
        _cancel(house, applicant, appointment_id)
    assert open_times("FL", house.now) == before
    assert _status(applicant.enrollment_id) == "assessed"
    assert sorted(_templates()) == ["visit_booked", "visit_cancelled"]


def test_nobody_cancels_somebody_elses_visit_or_one_that_has_begun(house: House) -> None:
    a_clinician()
    applicant, stranger = an_applicant(house.catalog), an_applicant(house.catalog)
    appointment_id = booked(applicant, house.now)
    with pytest.raises(NotFound):
        _cancel(house, stranger, appointment_id)
    with pytest.raises(Conflict):
        _cancel(house, applicant, appointment_id, later=timedelta(hours=3))


def test_a_patient_books_and_cancels_through_the_pages(house: House, client: Browser) -> None:
    a_clinician()
    applicant = an_applicant(house.catalog)
    client.sign_in(applicant.person.user_id)
    days = client.get("/visits/book")
    assert "Tuesday, November 24" in days.text
    times = client.get("/visits/book/2026-11-24")
    assert "Eastern (EST)" in times.text
    assert "Dr. Maya Lin, MD" in times.text
    first = open_times("FL", house.now)[0]
    for _ in range(2):
        answer = client.submit("/visits/book", {"slot": slot_value(first), "day": "2026-11-23"})
        assert answer.status_code == 303
    assert answer.location
    check = client.get(answer.location).text
    assert "We keep this time for you until 10:10 AM Eastern (EST)" in check
    assert "Free. Nothing is charged" in check
    for _ in range(2):
        done = client.submit(answer.location, {"needs": ["captions", "more_time"], "own_words": "I read lips."})
        assert (done.status_code, done.location) == (303, "/visits")
    page = client.get("/visits").text
    assert "You asked for: captions, more time." in page
    assert "Dr. Maya Lin, MD" in page
    with db.reading() as session:
        visit = visits.booked_visit(session, applicant.patient_id)
    assert visit is not None
    assert client.get(f"/visits/{visit.id}/cancel").status_code == 200
    assert client.submit(f"/visits/{visit.id}/cancel").status_code == 303
    assert _status(applicant.enrollment_id) == "assessed"


def test_whoever_comes_second_sees_the_times_that_are_left(house: House, client: Browser) -> None:
    a_clinician()
    quick, slow = an_applicant(house.catalog), an_applicant(house.catalog)
    first, second = open_times("FL", house.now)[:2]
    booked(quick, house.now)
    client.sign_in(slow.person.user_id)
    page = client.submit("/visits/book", {"slot": slot_value(first), "day": "2026-11-23"})
    assert page.status_code == 409
    assert "Somebody else has just chosen that time" in page.text
    assert slot_value(first) not in page.text
    assert slot_value(second) in page.text


def test_where_two_clinicians_are_open_each_time_is_one_tile_and_either_can_be_chosen(
    house: House, client: Browser
) -> None:
    maya, noah = a_clinician(), a_clinician(name="Dr. Noah Stein")
    client.sign_in(an_applicant(house.catalog).person.user_id)
    both = client.get("/visits/book/2026-11-24").text
    assert both.count("10:30 AM") == 1
    assert f"{maya.practitioner_id}_" in both
    assert f"{noah.practitioner_id}_" in both
    only = client.get(f"/visits/book/2026-11-24?with={noah.practitioner_id}").text
    assert "With Dr. Noah Stein, MD" in only
    assert f"{maya.practitioner_id}_" not in only


def test_no_choice_and_a_made_up_choice_are_asked_again(house: House, client: Browser) -> None:
    a_clinician()
    client.sign_in(an_applicant(house.catalog).person.user_id)
    for slot in ({}, {"slot": "nonsense"}, {"slot": "1_99999999999999999999"}):
        page = client.submit("/visits/book", {"day": "2026-11-24", **slot})
        assert page.status_code == 422
        assert "Choose a time for your visit" in page.text


def test_new_jersey_says_before_booking_that_a_physician_may_be_asked_for(house: House, client: Browser) -> None:
    a_clinician()
    client.sign_in(an_applicant(house.catalog, "NJ").person.user_id)
    for path in ("/visits/book", "/visits/book/2026-11-24"):
        assert "You may ask for a physician" in client.get(path).text
    client.sign_in(an_applicant(house.catalog).person.user_id)
    assert "physician" not in client.get("/visits/book").text


def test_each_time_is_on_the_patients_own_clock(house: House, client: Browser) -> None:
    a_clinician()
    client.sign_in(an_applicant(house.catalog, "FL-central").person.user_id)
    page = client.get("/visits/book/2026-11-24").text
    assert "8:00" in page
    assert "Central (CST)" in page
    assert "Eastern (EST)" not in page


def test_nobody_books_with_whoever_left_the_team_or_has_another_role(house: House) -> None:
    clinician = a_clinician()
    assert open_times("FL", house.now)
    for change in ({"deactivated_at": house.now}, {"role": "coordinator"}):
        with db.transaction() as session:
            for name, value in change.items():
                setattr(session.get_one(User, clinician.user_id), name, value)
        assert open_times("FL", house.now) == []
        with db.transaction() as session:
            user = session.get_one(User, clinician.user_id)
            user.deactivated_at, user.role = None, "clinician"
        assert open_times("FL", house.now)


def test_the_page_before_somebody_leaves_says_how_many_visits_are_booked_with_them(
    house: House, client: Browser
) -> None:
    clinician, owner = a_clinician(), a_staff_member("owner")
    client.sign_in(owner.user_id)
    page = f"/staff/team/{clinician.user_id}/deactivate"
    assert "with them is booked" not in client.get(page).text
    booked(an_applicant(house.catalog), house.now)
    assert "One visit with them is booked." in client.get(page).text
    booked(an_applicant(house.catalog), house.now)
    assert "2 visits with them are booked." in client.get(page).text
    house.at(house.now + timedelta(days=60))
    assert "with them" not in client.get(page).text
