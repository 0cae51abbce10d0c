"""A chosen time is kept for ten minutes, for one person, and becomes a booking once."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import UUID

import pytest
from sqlalchemy import update

from service.accounts.models import Patient, User
from service.enrollment.actions import book
from service.enrollment.forms.booking import slot_value
from service.kit import db
from service.kit.errors import Conflict, NotFound, Rejected
from service.kit.ids import new_id
from service.safety import writes as safety
from service.visits import queries as visits
from service.visits.actions.let_go import let_go_expired
from service.visits.models import LicenseRecord
from tests.client import Browser
from tests.conftest import House
from tests.factories.booking import confirmed, held, rows, states
from tests.factories.enrollment import enrollment_of
from tests.factories.visits import Applicant, a_clinician, an_applicant, open_times

TEN = timedelta(minutes=10)


def the_no(call: object, *args: object, **named: object) -> str:
    with pytest.raises((Conflict, NotFound, Rejected)) as no:
        call(*args, **named)  # type: ignore[operator]
    return str(no.value.code)


@pytest.fixture
def ana(house: House) -> Applicant:
    a_clinician()
    return an_applicant(house.catalog)


def test_what_somebody_holds_nobody_else_is_offered_for_ten_minutes(house: House, ana: Applicant) -> None:
    first = open_times("FL", house.now)[4]
    held(house, ana, first)
    for minutes, offered in ((0, False), (9, False), (10, True)):
        assert (first in open_times("FL", house.now + timedelta(minutes=minutes))) is offered
    assert enrollment_of(ana.patient_id).status == "assessed"


def test_holding_it_again_does_not_keep_it_longer(house: House, ana: Applicant) -> None:
    first, until = open_times("FL", house.now)[0], house.now + TEN
    one = held(house, ana, first)
    house.at(house.now + timedelta(minutes=9))
    assert held(house, ana, first) == one
    assert [row.held_until for row in rows(ana)] == [until]


def test_another_time_lets_the_first_one_go(house: House, ana: Applicant) -> None:
    first, second = open_times("FL", house.now)[:2]
    held(house, ana, first)
    held(house, ana, second)
    assert states(ana) == ["let_go", "held"]
    assert first in open_times("FL", house.now)
    assert rows(ana)[0].ended_at == house.now


def test_whoever_wants_a_place_lets_an_old_hold_go_without_waiting_for_the_tick(house: House, ana: Applicant) -> None:
    first, other = open_times("FL", house.now)[4], an_applicant(house.catalog)
    held(house, ana, first)
    assert the_no(held, house, other, first) == "time_taken"
    house.at(house.now + TEN)
    confirmed(house, other, held(house, other, first))
    assert (states(ana), states(other)) == (["let_go"], ["booked"])


def test_the_tick_lets_go_what_is_over_and_nothing_else(house: House, ana: Applicant) -> None:
    first, second = open_times("FL", house.now)[:2]
    other = an_applicant(house.catalog)
    held(house, ana, first)
    house.at(house.now + timedelta(minutes=5))
    held(house, other, second)
    assert let_go_expired(now=house.now + timedelta(minutes=5)) == 1
    assert (states(ana), states(other)) == (["let_go"], ["held"])
    assert let_go_expired(now=house.now + timedelta(minutes=5)) == 0


@pytest.mark.parametrize("swept", [False, True])
def test_after_ten_minutes_it_cannot_be_booked_any_more(house: House, ana: Applicant, swept: bool) -> None:
    visit_id = held(house, ana, open_times("FL", house.now)[0])
    house.at(house.now + TEN)
    if swept:
        let_go_expired(now=house.now)
    assert the_no(confirmed, house, ana, visit_id) == "hold_over"
    assert enrollment_of(ana.patient_id).status == "assessed"


def test_nobody_books_what_somebody_else_holds(house: House, ana: Applicant) -> None:
    visit_id = held(house, ana, open_times("FL", house.now)[0])
    assert the_no(confirmed, house, an_applicant(house.catalog), visit_id) == "no_such_visit"
    assert the_no(confirmed, house, ana, new_id()) == "no_such_visit"
    assert states(ana) == ["held"]


def test_a_booking_has_a_room_of_its_own_and_keeps_what_was_asked_for_sealed(house: House, ana: Applicant) -> None:
    visit_id = held(house, ana, open_times("FL", house.now)[0])
    confirmed(house, ana, visit_id, needs=["captions", "a yacht"], own_words="  I read lips.  ")
    (row,) = rows(ana)
    assert row.room is not None
    assert len(row.room) > 30
    assert row.needs_sealed is not None
    assert b"lips" not in row.needs_sealed
    assert row.needs_clear == []
    with db.reading() as session:
        asked = visits.asked_for(session, visit_id)
    assert asked is not None
    assert (asked.needs, asked.own_words) == (("captions",), "I read lips.")


def test_too_many_words_are_refused_and_nothing_is_booked(house: House, ana: Applicant) -> None:
    visit_id = held(house, ana, open_times("FL", house.now)[0])
    assert the_no(confirmed, house, ana, visit_id, own_words="a" * 1001) == "too_long"
    assert states(ana) == ["held"]


def lapse(house: House) -> None:
    with db.transaction() as session:
        session.execute(update(LicenseRecord).values(ended_at=house.now - timedelta(hours=1)))


def expire(house: House) -> None:
    with db.transaction() as session:
        session.execute(update(LicenseRecord).values(expires_on=date(2026, 11, 23)))


def leave(house: House) -> None:
    with db.transaction() as session:
        session.execute(update(User).where(User.role == "clinician").values(deactivated_at=house.now))


def move_away(house: House) -> None:
    with db.transaction() as session:
        session.execute(update(Patient).values(state="GA"))


@pytest.mark.parametrize("what", [lapse, expire, leave, move_away])
def test_what_changed_within_the_ten_minutes_counts(house: House, ana: Applicant, what: object) -> None:
    visit_id = held(house, ana, open_times("FL", house.now)[0])
    what(house)  # type: ignore[operator]
    assert the_no(confirmed, house, ana, visit_id) == "hold_over"
    assert states(ana) == ["held"]


def test_whoever_lives_in_another_state_now_cannot_hold_a_time(house: House, ana: Applicant) -> None:
    move_away(house)
    assert the_no(held, house, ana, open_times("FL", house.now)[0]) == "not_now"


def test_whoever_said_they_are_away_cannot_hold_a_time_until_somebody_looked(house: House, ana: Applicant) -> None:
    with db.transaction() as session:
        safety.place_hold(
            session,
            code="AWAY",
            source_kind="appointment",
            source_id=new_id(),
            patient_id=ana.patient_id,
            now=house.now,
        )
    assert the_no(held, house, ana, open_times("FL", house.now)[0]) == "not_now"


def test_whoever_asks_for_a_physician_in_new_jersey_sees_only_their_times(house: House, client: Browser) -> None:
    nurse, doctor = a_clinician(name="Nora Reed", credentials="APN"), a_clinician(name="Dr. Maya Lin")
    who = an_applicant(house.catalog, "NJ")
    client.sign_in(who.person.user_id)
    day = "/visits/book/2026-11-24"
    assert "I would like to see a physician" in client.get(day).text
    page = client.get(f"{day}?physician=yes").text
    assert str(doctor.practitioner_id) in page
    assert str(nurse.practitioner_id) not in page
    offered = open_times("NJ", house.now)
    nurses = next(time for time in offered if time.practitioner.id == nurse.practitioner_id)
    sent = {"slot": slot_value(nurses), "day": "2026-11-24", "physician": "yes"}
    assert client.submit("/visits/book", sent).status_code == 409
    doctors = next(time for time in offered if time.practitioner.id == doctor.practitioner_id)
    assert client.submit("/visits/book", {**sent, "slot": slot_value(doctors)}).status_code == 303
    assert rows(who)[0].physician_asked


def test_the_wish_for_a_physician_outlives_a_hold_that_is_over_and_a_change(house: House, client: Browser) -> None:
    nurse, doctor = a_clinician(name="Nora Reed", credentials="APN"), a_clinician(name="Dr. Maya Lin")
    who = an_applicant(house.catalog, "NJ")
    client.sign_in(who.person.user_id)
    doctors = [time for time in open_times("NJ", house.now) if time.practitioner.id == doctor.practitioner_id]
    lost = held(house, who, doctors[20], physician_only=True)
    house.at(house.now + timedelta(minutes=11))
    page = client.get(f"/visits/{lost}/check")
    assert page.status_code == 409
    assert str(doctor.practitioner_id) in page.text
    assert str(nurse.practitioner_id) not in page.text
    confirmed(house, who, held(house, who, doctors[20], physician_only=True))
    assert 'href="/visits/book?physician=yes"' in client.get("/visits").text


def test_in_florida_the_wish_changes_nothing(house: House, client: Browser) -> None:
    nurse = a_clinician(name="Nora Reed", credentials="APN")
    client.sign_in(an_applicant(house.catalog).person.user_id)
    page = client.get("/visits/book/2026-11-24?physician=yes").text
    assert str(nurse.practitioner_id) in page
    assert "I would like to see a physician" not in page


def a_check_page(house: House, client: Browser, who: Applicant) -> tuple[str, UUID]:
    client.sign_in(who.person.user_id)
    first = open_times("FL", house.now)[0]
    where = client.submit("/visits/book", {"slot": slot_value(first), "day": "2026-11-23"}).location
    assert where is not None
    return where, rows(who)[0].id


def test_each_page_says_until_when_it_is_kept(house: House, client: Browser, ana: Applicant) -> None:
    where, _ = a_check_page(house, client, ana)
    assert "until 10:10 AM Eastern (EST)" in client.get(where).text
    for path in ("/visits", "/visits/book", "/visits/book/2026-11-24"):
        page = client.get(path).text
        assert "until 10:10 AM" in page
        assert where in page


def test_a_hold_that_ran_out_between_the_page_and_the_button_gives_a_fresh_list(
    house: House, client: Browser, ana: Applicant
) -> None:
    where, visit_id = a_check_page(house, client, ana)
    house.at(house.now + TEN)
    for page in (client.submit(where), client.get(where)):
        assert page.status_code == 409
        assert "othing was booked" in page.text
        assert 'name="slot"' in page.text
    assert states(ana) == ["held"]
    assert f"/visits/{visit_id}/check" not in client.get("/visits").text


def test_a_made_up_need_is_asked_again_and_the_hold_stays(house: House, client: Browser, ana: Applicant) -> None:
    where, _ = a_check_page(house, client, ana)
    assert client.submit(where, {"needs": "a yacht"}).status_code == 422
    assert states(ana) == ["held"]


def test_nobody_sees_what_somebody_else_holds(house: House, client: Browser, ana: Applicant) -> None:
    where, _ = a_check_page(house, client, ana)
    client.sign_in(an_applicant(house.catalog).person.user_id)
    assert client.get(where).status_code == 404
    assert client.submit(where).status_code == 404


def test_cancelling_a_hold_is_no_cancelled_visit(house: House, ana: Applicant) -> None:
    visit_id = held(house, ana, open_times("FL", house.now)[0])
    no = the_no(book.cancel_visit, appointment_id=visit_id, catalog=house.catalog, actor=ana.actor, now=house.now)
    assert no == "visit_begun"
    assert states(ana) == ["held"]
