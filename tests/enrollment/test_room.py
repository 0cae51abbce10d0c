"""The room of a visit: open around its time, for whoever is where the license counts; by phone where video fails."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import func, select, text

from service.audit.models import AuditEntry
from service.enrollment.actions import room as rooms
from service.kit import db
from service.kit.errors import Conflict, NotFound, Rejected
from service.safety import queries as safety
from service.safety.models import Alert, SafetyHold
from service.visits import queries as visits
from service.visits.models import LicenseRecord, LocationAttestation, Practitioner
from tests.client import Browser
from tests.conftest import House
from tests.factories.accounts import a_staff_member
from tests.factories.booking import rows, starts
from tests.factories.care import looking_after
from tests.factories.consents import agreed_to_visits
from tests.factories.visits import Applicant, a_clinician, an_applicant, booked, reachable, staff_actor

MIAMI = "12086"
MINUTE = timedelta(minutes=1)
HERE = {
    "where": "here",
    "county": MIAMI,
    "help_to": "at",
    "address": "12 Palm Street, Miami",
    "callback": "(305) 555-0123",
}


@pytest.fixture
def ana(house: House) -> Applicant:
    """Somebody whose visit begins now."""
    a_clinician()
    who = an_applicant(house.catalog)
    booked(who, house.now)
    agreed_to_visits(house, who)
    house.at(starts(rows(who)[0]))
    return who


def path(who: Applicant) -> str:
    return f"/visits/{rows(who)[0].id}/room"


def said(who: Applicant) -> list[LocationAttestation]:
    with db.reading() as session:
        query = select(LocationAttestation).where(LocationAttestation.patient_id == who.patient_id)
        return list(session.scalars(query.order_by(LocationAttestation.attested_at)))


def where(house: House, who: Applicant, visit_id: UUID, **changes: str) -> bool:
    answers = {"state": "FL", "county_fips": MIAMI, "emergency_address": "", "callback": "305 555 0123", **changes}
    return rooms.say_where(appointment_id=visit_id, **answers, catalog=house.catalog, actor=who.actor, now=house.now)


@pytest.mark.parametrize(
    ("minutes", "words"),
    [(-16, "not open yet"), (-15, "Where are you right now"), (59, "Where are you right now"), (60, "time is over")],
)
def test_it_is_open_from_a_quarter_of_an_hour_before_to_half_an_hour_after(
    house: House, client: Browser, ana: Applicant, minutes: int, words: str
) -> None:
    house.at(house.now + minutes * MINUTE)
    client.sign_in(ana.person.user_id)
    assert words in client.get(path(ana)).text
    assert client.submit(path(ana), HERE).location == (path(ana) if -16 < minutes < 60 else "/visits")


def test_first_where_then_the_way_in_and_nothing_clinical_in_its_address(
    house: House, client: Browser, ana: Applicant
) -> None:
    client.sign_in(ana.person.user_id)
    assert "video.example" not in client.get(path(ana)).text
    assert client.submit(path(ana), HERE).location == path(ana)
    page = client.get(path(ana))
    row = rows(ana)[0]
    assert f'href="https://video.example/{row.room}" rel="noreferrer noopener"' in page.text
    assert page.headers["Referrer-Policy"] in ("same-origin", "no-referrer")
    assert "video.example" not in page.headers["Content-Security-Policy"]
    assert str(row.id) not in str(row.room)
    (word,) = said(ana)
    assert (word.state, word.county_fips, word.at_home_address) == ("FL", MIAMI, False)
    assert word.appointment_id == row.id
    for sealed, secret in ((word.callback_sealed, b"5550123"), (word.emergency_address_sealed, b"Palm")):
        assert sealed is not None
        assert secret not in sealed


@pytest.mark.parametrize("gone", ["ended", "expired", "left"])
def test_it_opens_for_nobody_once_its_clinician_may_not_see_them(
    house: House, client: Browser, ana: Applicant, gone: str
) -> None:
    """A licence that ended an hour ago: the visit could not be signed, so it does not begin."""
    visit = rows(ana)[0]
    with db.transaction() as session:
        clinician = session.get_one(Practitioner, visit.practitioner_id)
        license = session.scalars(
            select(LicenseRecord).where(LicenseRecord.kind == "physician", LicenseRecord.state == "FL")
        ).one()
        if gone == "left":
            clinician.left_on = house.now.date()
        elif gone == "expired":
            license.expires_on = house.now.date()
        else:
            license.ended_at = house.now - 60 * MINUTE
        user_id = clinician.user_id
    client.sign_in(ana.person.user_id)
    page = client.get(path(ana))
    assert "This visit cannot begin" in page.text
    assert "video.example" not in page.text
    assert client.submit(path(ana), HERE).location == "/visits"
    with pytest.raises(Conflict, match="nobody_may"):
        where(house, ana, visit.id)
    assert said(ana) == []
    client.sign_in(user_id)
    staff_page = client.get(f"/staff/visits/{visit.id}/room")
    assert "opens for nobody" in staff_page.text
    assert "video.example" not in staff_page.text


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"where": ""}, "Choose where you are right now"),
        ({"where": "mars"}, "Choose"),
        ({"county": ""}, "Choose the county you are in"),
        ({"county": "34013"}, "Choose the county you are in"),
        ({"where": "other"}, "Choose the state you are in"),
        ({"where": "other", "other_state": "FL"}, "Choose the state you are in"),
        ({"where": "other", "other_state": "XX"}, "Choose the state you are in"),
        ({"help_to": ""}, "Choose where help should come"),
        ({"help_to": "home"}, "Choose"),
        ({"address": "  "}, "Enter the address where you are"),
        ({"address": "a" * 301}, "Keep this under 300 letters"),
        ({"callback": "911"}, "Enter a phone number with area code"),
        ({"callback": ""}, "Enter a phone number with area code"),
    ],
)
def test_each_missing_answer_is_asked_for_and_nothing_is_kept(
    client: Browser, ana: Applicant, changes: dict[str, str], words: str
) -> None:
    client.sign_in(ana.person.user_id)
    page = client.submit(path(ana), {**HERE, **changes})
    assert page.status_code == 422
    assert words in page.text
    assert page.text.count("There is a problem") == 1
    assert said(ana) == []


@pytest.mark.parametrize(
    ("place", "state"), [({"where": "other", "other_state": "GA"}, "GA"), ({"where": "abroad"}, "elsewhere")]
)
def test_out_of_the_state_the_room_stays_shut_all_stops_and_a_person_is_called(
    house: House, client: Browser, ana: Applicant, place: dict[str, str], state: str
) -> None:
    client.sign_in(ana.person.user_id)
    page = client.submit(path(ana), {**HERE, **place})
    assert page.status_code == 200
    assert "We cannot meet you there" in page.text
    assert [(word.state, word.county_fips) for word in said(ana)] == [(state, "")]
    with db.reading() as session:
        assert session.scalars(select(Alert.code)).all() == ["AWAY"]
        assert session.scalars(select(SafetyHold.code)).all() == ["AWAY"]
        assert safety.standing_hold(session, ana.patient_id)
    again = client.get(path(ana)).text
    assert "video.example" not in again
    assert "We cannot meet you there" in again
    assert client.get("/visits/book").location == "/visits"


def test_whoever_said_they_are_away_does_not_talk_themselves_in(house: House, ana: Applicant, client: Browser) -> None:
    visit_id = rows(ana)[0].id
    assert where(house, ana, visit_id, state="GA") is False
    client.sign_in(ana.person.user_id)
    assert "We cannot meet you there" in client.submit(path(ana), HERE).text
    assert len(said(ana)) == 1
    with pytest.raises(Conflict):
        rooms.go_by_phone(appointment_id=visit_id, catalog=house.catalog, actor=ana.actor, now=house.now)


def test_once_a_person_lifted_the_hold_where_they_are_is_asked_anew(
    house: House, client: Browser, ana: Applicant
) -> None:
    where(house, ana, rows(ana)[0].id, state="GA")
    clinician_id = a_staff_member("clinician").user_id
    with db.transaction() as session:
        session.execute(
            text("UPDATE safety_holds SET lifted_at = :now, lifted_by = :user"),
            {"now": house.now, "user": clinician_id},
        )
    client.sign_in(ana.person.user_id)
    assert "Where are you right now" in client.get(path(ana)).text
    client.submit(path(ana), HERE)
    assert "video.example" in client.get(path(ana)).text


def test_two_words_of_one_visit_are_both_kept_and_call_once(house: House, ana: Applicant) -> None:
    visit_id = rows(ana)[0].id
    assert where(house, ana, visit_id) is True
    assert where(house, ana, visit_id, state="GA") is False
    with db.reading() as session:
        last = visits.attestation_of(session, visit_id)
        assert session.scalar(select(func.count()).select_from(Alert)) == 1
    assert last is not None
    assert [last.state, len(said(ana))] == ["GA", 2]


def test_nobody_speaks_for_somebody_else(house: House, client: Browser, ana: Applicant) -> None:
    stranger = an_applicant(house.catalog)
    with pytest.raises(NotFound):
        where(house, stranger, rows(ana)[0].id)
    client.sign_in(stranger.person.user_id)
    assert client.get(path(ana)).status_code == 404
    assert client.submit(path(ana), HERE).status_code == 404
    assert client.submit(f"/visits/{rows(ana)[0].id}/phone").status_code in (302, 303, 404)
    assert said(ana) == []
    assert rows(ana)[0].by_phone_at is None


def test_a_place_that_does_not_exist_is_refused(house: House, ana: Applicant) -> None:
    for changes in ({"state": "XX"}, {"county_fips": "99999"}, {"callback": "1"}, {"emergency_address": "a" * 301}):
        with pytest.raises(Rejected):
            where(house, ana, rows(ana)[0].id, **changes)
    assert said(ana) == []


def test_when_video_fails_the_clinician_gets_the_number_to_call(house: House, client: Browser, ana: Applicant) -> None:
    client.sign_in(ana.person.user_id)
    client.submit(path(ana), HERE)
    for later in (0, 5):
        house.at(house.now + later * MINUTE)
        assert client.submit(f"/visits/{rows(ana)[0].id}/phone").location == path(ana)
    assert rows(ana)[0].by_phone_at == house.now - 5 * MINUTE
    page = client.get(path(ana)).text
    assert "Your clinician calls you at (305) 555-0123" in page
    client.submit(path(ana), {**HERE, "callback": "(305) 555-0199"})
    assert "(305) 555-0199" in client.get(path(ana)).text


def test_by_phone_needs_a_word_on_where_they_are_first(house: House, ana: Applicant) -> None:
    with pytest.raises(Conflict) as no:
        rooms.go_by_phone(appointment_id=rows(ana)[0].id, catalog=house.catalog, actor=ana.actor, now=house.now)
    assert no.value.code == "where_first"


def test_nothing_opens_before_the_patient_has_agreed_to_be_seen_by_video(house: House, client: Browser) -> None:
    a_clinician()
    who = an_applicant(house.catalog)
    booked(who, house.now)
    house.at(starts(rows(who)[0]))
    client.sign_in(who.person.user_id)
    page = client.get(path(who)).text
    assert "First read and agree" in page
    assert "video.example" not in page
    client.submit(path(who), HERE)
    assert said(who) == []
    with pytest.raises(Conflict) as no:
        where(house, who, rows(who)[0].id)
    assert no.value.code == "agree_first"
    agreed_to_visits(house, who)
    assert "Where are you right now" in client.get(path(who)).text


def test_new_jersey_says_it_once_more_before_the_visit(house: House, client: Browser) -> None:
    a_clinician()
    who = an_applicant(house.catalog, "NJ")
    booked(who, house.now, "NJ")
    agreed_to_visits(house, who, "NJ")
    house.at(starts(rows(who)[0]))
    client.sign_in(who.person.user_id)
    assert "You may ask for a physician" in client.get(path(who)).text


# The other side


def their_page(who: Applicant) -> str:
    return f"/staff/visits/{rows(who)[0].id}/room"


def test_the_clinician_of_the_visit_sees_who_has_come_and_goes_in(house: House, client: Browser) -> None:
    clinician = a_clinician()
    who = an_applicant(house.catalog)
    booked(who, house.now)
    agreed_to_visits(house, who)
    client.sign_in(clinician.user_id)
    for minutes, words in ((-15, "Ahead"), (10, "Not here yet")):
        house.at(starts(rows(who)[0]) + minutes * MINUTE)
        assert words in client.get("/staff/visits").text
    reachable(who.patient_id)
    assert "Phone on file" in client.get(their_page(who)).text
    assert "(305) 555-0123" in client.get(their_page(who)).text, "whom nobody sees can be called"
    where(house, who, rows(who)[0].id, emergency_address="12 Palm Street, Miami")
    assert "Here" in client.get("/staff/visits").text
    page = client.get(their_page(who)).text
    for words in (
        "Miami-Dade County, Florida",
        "12 Palm Street",
        "(305) 555-0123",
        f"video.example/{rows(who)[0].room}",
    ):
        assert words in page
    rooms.go_by_phone(appointment_id=rows(who)[0].id, catalog=house.catalog, actor=who.actor, now=house.now)
    assert "Call them" in client.get("/staff/visits").text
    assert "They wait for a call at (305) 555-0123" in client.get(their_page(who)).text


def test_the_list_itself_shows_neither_number_nor_address_nor_room(house: House, client: Browser) -> None:
    clinician = a_clinician()
    who = an_applicant(house.catalog)
    booked(who, house.now)
    agreed_to_visits(house, who)
    house.at(starts(rows(who)[0]))
    where(house, who, rows(who)[0].id, emergency_address="12 Palm Street, Miami")
    client.sign_in(clinician.user_id)
    page = client.get("/staff/visits").text
    for secret in ("Palm", "555-0123", str(rows(who)[0].room)):
        assert secret not in page


def test_a_colleague_sees_whom_to_call_but_not_the_room_and_each_look_is_noted(
    house: House, client: Browser, ana: Applicant
) -> None:
    where(house, ana, rows(ana)[0].id)
    sam = staff_actor("coordinator")
    looking_after(sam, ana.patient_id)
    client.sign_in(sam.user_id)  # type: ignore[arg-type]
    page = client.get(their_page(ana)).text
    assert "(305) 555-0123" in page
    assert str(rows(ana)[0].room) not in page
    with db.reading() as session:
        query = select(AuditEntry.subject_kind, AuditEntry.patient_id).where(AuditEntry.action == "record.view")
        assert session.execute(query).all() == [("appointment", ana.patient_id)]


def test_whoever_does_not_look_after_the_patient_gives_a_reason_first(client: Browser, ana: Applicant) -> None:
    client.sign_in(a_staff_member("coordinator").user_id)
    page = client.get(their_page(ana))
    assert page.status_code in (302, 303, 403)
    assert "555" not in page.text


def test_in_another_state_staff_are_told_to_talk_first(house: House, client: Browser) -> None:
    clinician = a_clinician()
    who = an_applicant(house.catalog)
    booked(who, house.now)
    agreed_to_visits(house, who)
    house.at(starts(rows(who)[0]))
    where(house, who, rows(who)[0].id, state="GA")
    client.sign_in(clinician.user_id)
    assert "In another state" in client.get("/staff/visits").text
    page = client.get(their_page(who)).text
    assert "talk to them before anything else" in page
    assert "video.example" not in page
