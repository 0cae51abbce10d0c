"""Home is useful wherever somebody stands: what is next, what it costs and when, what there is to do."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine
from sqlalchemy.dialects.postgresql import Range

from service.kit import db
from service.kit.ids import new_id
from service.visits.models import Appointment, Practitioner
from tests.client import Browser
from tests.conftest import House
from tests.factories.accounts import Person, a_patient, a_staff_member
from tests.factories.checkins import FIRST_DUE, a_due_checkin, a_member, a_membership, scores
from tests.factories.enrollment import an_enrollment
from tests.factories.safety import a_hold, an_alert
from tests.factories.statements import counted
from tests.factories.visits import reachable

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def home_of(client: Browser, person: Person) -> str:
    client.sign_in(person.user_id)
    response = client.get("/home")
    assert response.status_code == 200
    return " ".join(response.text.split())


def a_visit(person: Person, starts_at: datetime, status: str = "booked") -> None:
    """A visit with Dr. Lee."""
    chen = a_staff_member("clinician")
    with db.transaction() as session:
        clinician = Practitioner(
            id=new_id(), user_id=chen.user_id, display_name="Dr. Lee", credentials="MD", time_zone="America/New_York"
        )
        session.add(clinician)
        session.flush()
        session.refresh(clinician)
        session.add(
            Appointment(
                id=new_id(),
                practitioner_id=clinician.id,
                practitioner_number=clinician.number,
                patient_id=person.patient_id,
                kind="consultation",
                during=Range(starts_at, starts_at + timedelta(minutes=30), bounds="[)"),
                status=status,
                booked_at=starts_at - DAY,
            )
        )


@pytest.mark.parametrize(
    ("status", "says", "leads_to"),
    [
        (None, "A free assessment", "/assessment"),
        ("assessed", "Book your free visit", "/visits/book"),
        ("more_info", "Talk once more", "/visits/book"),
        ("decided", "Tell us what is missing", "/settings/address"),
        ("approved", "Read and sign", "/consents"),
        ("consented", "Choose your plan", "/membership"),
        ("declined", "Not right for you now", None),
        ("ended", "Ended", None),
    ],
)
def test_every_step_of_the_way_in_says_what_comes_next(
    house: House, client: Browser, status: str | None, says: str, leads_to: str | None
) -> None:
    person = a_patient()
    if status:
        an_enrollment(person, status=status, now=house.now)
    page = home_of(client, person)
    assert says in page
    if leads_to:
        assert f'href="{leads_to}"' in page.split("Your way in")[0]


def test_a_visit_ahead_is_named_with_day_hour_zone_and_clinician(house: House, client: Browser) -> None:
    person = a_patient()
    an_enrollment(person, status="booked", now=house.now)
    a_visit(person, datetime(2026, 11, 24, 15, 30, tzinfo=UTC))
    page = home_of(client, person)
    assert "Tue, Nov 24" in page
    assert "10:30 AM Eastern (EST) with Dr. Lee" in page
    assert "Change or cancel" in page


def test_after_the_visit_the_page_says_who_has_it_in_hand(house: House, client: Browser) -> None:
    person = a_patient()
    an_enrollment(person, status="booked", now=house.now)
    a_visit(person, house.now - HOUR)
    assert "Being written up" in home_of(client, person)


def test_a_member_sees_the_next_charge_with_amount_day_and_card(house: House, client: Browser) -> None:
    page = home_of(client, a_member())
    assert "$250.00" in page
    assert "December 2, 2026" in page
    assert "Visa ending 4242" in page


def test_a_due_checkin_is_a_button_on_the_home_page(house: House, client: Browser) -> None:
    house.at(FIRST_DUE + HOUR)
    person = a_member()
    checkin_id = a_due_checkin(house.catalog, person)
    page = home_of(client, person)
    assert "Check-in due" in page
    assert f'href="/check-ins/{checkin_id}"' in page
    assert "Start check-in" in page


def test_scores_are_a_sentence_a_drawing_and_a_table(house: House, client: Browser) -> None:
    person = a_member()
    scores(house.catalog, person, 17, 15, 13, 14, 10, 8)
    house.at(FIRST_DUE + 71 * DAY)
    page = home_of(client, person)
    assert "Your score went down from 17 to 8 in 10 weeks. Lower is better." in page
    assert page.count('<svg class="chart__drawing') == 2
    assert "See the numbers as a table" in page
    assert "Moderately severe" in page


def test_a_first_score_is_said_in_words(house: House, client: Browser) -> None:
    person = a_member()
    scores(house.catalog, person, 12)
    house.at(FIRST_DUE + DAY)
    assert "Your first score is 12 of 27, which is called moderate" in home_of(client, person)


def test_a_hold_shows_help_and_who_will_call_and_promises_no_charge(house: House, client: Browser) -> None:
    person = a_member()
    a_hold(house, patient_id=person.patient_id)
    page = home_of(client, person)
    assert "Your care team will contact you" in page
    assert "Get help now" in page
    assert "$250.00" not in page
    assert "On hold" in page


@pytest.mark.parametrize(
    ("columns", "says"),
    [
        ({"status": "grace"}, "Your last payment did not go through"),
        ({"status": "stopped"}, "Your membership is stopped"),
        ({"status": "active", "cancels_at_period_end": True}, "Ends Dec 2"),
    ],
)
def test_every_state_of_a_membership_is_told(house: House, client: Browser, columns: dict, says: str) -> None:
    person = a_patient()
    a_membership(person, an_enrollment(person, status="active", now=house.now), **columns)
    assert says in home_of(client, person)


def test_an_ended_membership_charges_nothing_and_keeps_the_door_open(house: House, client: Browser) -> None:
    person = a_patient()
    a_membership(person, an_enrollment(person, status="ended", now=house.now), status="ended", ended_at=house.now)
    page = home_of(client, person)
    assert "It ended on November 23, 2026. Nothing more is charged." in page


def test_an_unfinished_payment_is_picked_up_again(house: House, client: Browser) -> None:
    person = a_patient()
    a_membership(person, an_enrollment(person, status="consented", now=house.now), status="awaiting_payment")
    assert "Your payment is not finished yet. Nothing has been charged." in home_of(client, person)


@pytest.mark.parametrize(
    ("hour_utc", "hello"), [(14, "Good morning, Ana"), (18, "Good afternoon, Ana"), (23, "Good evening, Ana")]
)
def test_the_greeting_knows_the_patients_own_hour(house: House, client: Browser, hour_utc: int, hello: str) -> None:
    house.at(house.now.replace(hour=hour_utc))
    assert hello in home_of(client, a_patient())


def test_home_asks_the_database_at_most_five_times_the_sign_in_included(
    house: House, client: Browser, engine: Engine
) -> None:
    person = a_member()
    scores(house.catalog, person, 17, 12, 8)
    client.sign_in(person.user_id)
    with counted(engine) as seen:
        client.get("/home")
    assert len(seen) <= 5, "\n\n".join(seen)


def test_staff_see_what_waits_in_numbers_and_no_names(house: House, client: Browser) -> None:
    for status in ("decided", "decided", "booked"):
        an_enrollment(a_patient(given_name="Beatriz"), status=status, now=house.now - HOUR)
    an_alert(house)
    client.sign_in(a_staff_member("coordinator").user_id)
    page = " ".join(client.get("/staff").text.split())
    assert "Nobody has taken them yet. None is overdue." in page
    assert "The oldest has waited since Mon, Nov 23, 9:00 AM Eastern (EST)." in page
    assert "Beatriz" not in page


def test_an_overdue_alert_is_said_in_words(house: House, client: Browser) -> None:
    an_alert(house)
    house.at(house.now + DAY)
    client.sign_in(a_staff_member("clinician").user_id)
    page = client.get("/staff").text
    assert "1 alert is overdue" in page


def test_staff_see_todays_visits(house: House, client: Browser) -> None:
    a_visit(a_patient(), house.now + 2 * HOUR)
    a_visit(a_patient(), house.now + 30 * HOUR)
    client.sign_in(a_staff_member("coordinator").user_id)
    page = client.get("/staff").text
    assert page.count("Dr. Lee") == 1
    assert "12:00 PM Eastern (EST)" in page


def test_a_patient_has_no_business_on_the_staff_page(client: Browser) -> None:
    client.sign_in(a_patient().user_id)
    assert client.get("/staff").status_code == 403


@pytest.mark.parametrize("role", ["owner", "clinician", "coordinator", "billing", "auditor"])
def test_the_staff_home_shows_each_role_only_what_it_may_open(house: House, client: Browser, role: str) -> None:
    client.sign_in(a_staff_member(role).user_id)
    main = client.get("/staff").text.partition("<main")[2].partition("</main")[0]
    links = set(re.findall(r'<a [^>]*href="(/staff/[^"?]*)', main))
    assert links, "each role has somewhere to go"
    for link in links:
        assert client.get(link).status_code == 200, link
    assert ("Open alerts" in main) == (role not in ("billing", "auditor"))
    assert ("Messages from Stripe" in main) == (role in ("owner", "coordinator", "billing"))


def test_while_the_room_of_a_visit_is_open_home_leads_into_it(house: House, client: Browser) -> None:
    """From a quarter of an hour before it, until half an hour after it: also when the call broke off."""
    person = a_patient()
    an_enrollment(person, status="booked", now=house.now)
    starts_at = house.now + DAY
    a_visit(person, starts_at)
    minute = timedelta(minutes=1)
    seen = []
    for moment in (-16 * minute, -15 * minute, 29 * minute, 31 * minute, 59 * minute, 60 * minute):
        house.at(starts_at + moment)
        seen.append(bool(re.search(r'href="/visits/[-0-9a-f]{36}/room"', home_of(client, person))))
    assert seen == [False, True, True, True, True, False]


def test_a_member_finds_the_open_room_too(house: House, client: Browser) -> None:
    person = a_member()
    a_visit(person, house.now + timedelta(minutes=10))
    page = home_of(client, person)
    assert re.search(r'href="/visits/[-0-9a-f]{36}/room"', page)
    assert "Open the room of your visit" in page


def test_whoever_is_decided_about_reads_what_is_missing_on_their_side(house: House, client: Browser) -> None:
    person = a_patient()
    an_enrollment(person, status="decided", now=house.now)
    page = home_of(client, person).split("Your way in")[0]
    assert "Tell us what is missing" in page
    assert "nothing for you to do" not in page
    paths = ("/settings/address", "/settings/emergency-contact", "/settings/phone")
    assert [f'href="{path}"' in page for path in paths] == [True] * 3
    assert person.patient_id is not None
    reachable(person.patient_id)
    page = home_of(client, person)
    assert "There is nothing for you to do" in page
    assert not any(f'href="{path}"' in page.split("Your way in")[0] for path in paths)


def test_a_hold_asks_for_a_number_where_we_have_none(house: House, client: Browser) -> None:
    person = a_patient()
    an_enrollment(person, now=house.now)
    a_hold(house, patient_id=person.patient_id)
    page = home_of(client, person)
    assert "We have no number to call you at" in page
    assert "Call 988" in page.partition("<main")[2]
    assert person.patient_id is not None
    reachable(person.patient_id)
    assert "We have no number to call you at" not in home_of(client, person)
