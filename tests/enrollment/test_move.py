"""A new address: where it puts somebody, and what it stops."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from service.accounts.models import Patient
from service.accounts.queries.settings import OwnPatient, own_settings
from service.audit.models import AuditEntry
from service.billing.queries.gate import charge_facts
from service.catalog.queries.places import place_of_zip
from service.catalog.rules.places import AskCounty
from service.enrollment.rules.gate import may
from service.kit import db
from service.safety.models import Alert
from tests.accounts.letters import mails
from tests.client import Browser
from tests.conftest import House
from tests.factories.accounts import Person, a_patient, a_staff_member
from tests.factories.billing import ready_to_pay
from tests.factories.care import looking_after
from tests.factories.consents import somebody
from tests.factories.moving import HOMES, moved
from tests.factories.visits import Applicant, staff_actor

HOME = {"line1": "1 Main St", "line2": "Apt 4", "city": "Miami", "zip_code": "33101"}


@pytest.fixture
def ana(client: Browser, house: House) -> Person:
    ana = a_patient()
    client.sign_in(ana.user_id)
    return ana


def kept(person: Person) -> OwnPatient:
    with db.reading() as session:
        found = own_settings(session, person.user_id).patient
    assert found is not None
    return found


def alerts() -> list[tuple[str, object]]:
    with db.reading() as session:
        return [(row.code, row.patient_id) for row in session.scalars(select(Alert).where(Alert.code == "MOVED"))]


def test_an_address_is_kept_sealed_and_told(client: Browser, ana: Person) -> None:
    assert client.submit("/settings/address", HOME).headers["Location"] == "/settings"
    found = kept(ana)
    assert found.address is not None
    assert (found.address.line1, found.address.line2, found.address.city) == ("1 Main St", "Apt 4", "Miami")
    assert "1 Main St, Apt 4, Miami, FL 33101" in client.get("/settings").text
    assert 'value="1 Main St"' in client.get("/settings/address").text
    assert [facts["what"] for _, _, _, facts in mails("security_change")] == ["address_changed"]
    with db.reading() as session:
        row = session.scalars(select(Patient).where(Patient.id == ana.patient_id)).one()
        assert b"Main" not in bytes(row.address_sealed or b"")
    assert alerts() == []


def test_the_same_address_again_changes_nothing(client: Browser, ana: Person) -> None:
    for _ in range(2):
        client.submit("/settings/address", HOME)
    assert len(mails("security_change")) == 1
    with db.reading() as session:
        query = select(AuditEntry.reason).where(AuditEntry.action == "account.change_address")
        assert list(session.scalars(query)) == [None]


def test_a_zip_of_another_county_moves_county_and_clock(client: Browser, ana: Person) -> None:
    client.submit("/settings/address", {**HOME, "city": "Pensacola", "zip_code": "32501"})
    assert (kept(ana).state, kept(ana).county_fips, kept(ana).time_zone) == ("FL", "12033", "America/Chicago")


def test_a_clock_that_was_chosen_stays(client: Browser, ana: Person) -> None:
    client.submit("/settings/time-zone", {"time_zone": "America/Los_Angeles"})
    client.submit("/settings/address", {**HOME, "city": "Pensacola", "zip_code": "32501"})
    assert kept(ana).time_zone == "America/Los_Angeles"


SPLIT = "32456"  # Port St. Joe in Gulf County, parts reach Mexico Beach in Bay County


def test_a_zip_in_two_counties_is_asked_about_and_that_is_nobodys_mistake(client: Browser, ana: Person) -> None:
    page = client.submit("/settings/address", {**HOME, "zip_code": SPLIT})
    assert page.status_code == 200
    assert "This ZIP code reaches into more than one county: choose yours." in page.text
    assert "There is a problem" not in page.text
    assert "<title>Error" not in page.text
    assert [name for name in ("Bay", "Gulf", "Miami-Dade") if f">{name}</option>" in page.text] == ["Bay", "Gulf"]
    assert kept(ana).address is None
    for county in ("", "99999"):
        wrong = client.submit("/settings/address", {**HOME, "zip_code": SPLIT, "county": county})
        assert wrong.status_code == 422
        assert "Choose your county from the list" in wrong.text
        assert ">Gulf</option>" in wrong.text
    assert client.submit("/settings/address", {**HOME, "zip_code": SPLIT, "county": "12005"}).status_code == 303
    assert (kept(ana).county_fips, kept(ana).time_zone) == ("12005", "America/Chicago")
    again = client.get("/settings/address").text
    assert '<option value="12005" selected>Bay</option>' in again, "who changes the street alone chooses nothing anew"


def test_a_choice_of_county_outlives_a_mistake_elsewhere(client: Browser, ana: Person) -> None:
    wrong = client.submit("/settings/address", {**HOME, "city": "", "zip_code": SPLIT, "county": "12045"})
    assert wrong.status_code == 422
    assert '<option value="12045" selected>Gulf</option>' in wrong.text
    refused = client.submit("/settings/address", {**HOME, "line1": "PO Box 4", "zip_code": SPLIT, "county": "12045"})
    assert '<option value="12045" selected>Gulf</option>' in refused.text


def test_where_the_list_knows_no_county_all_of_the_state_are_offered(
    client: Browser, ana: Person, house: House
) -> None:
    page = client.submit("/settings/address", {**HOME, "zip_code": an_unlisted_zip(house)})
    assert page.status_code == 200
    assert "We do not know the county of this ZIP code: choose yours." in page.text
    assert page.text.count("</option>") == 68


def an_unlisted_zip(house: House) -> str:
    """A ZIP of Florida by its first three digits that the list does not have."""
    codes = (f"339{last:02}" for last in range(100))
    return next(code for code in codes if isinstance(place_of_zip(house.catalog, code), AskCounty))


@pytest.mark.parametrize("line", ["PO Box 12", "100 Main St PMB 4", "c/o Freight Forwarder Inc"])
def test_an_address_where_nobody_can_hand_over_a_parcel_is_refused_with_what_to_enter(
    client: Browser, ana: Person, line: str
) -> None:
    for typed in ({"line1": line}, {"line2": line}):
        answer = client.submit("/settings/address", {**HOME, **typed})
        assert answer.status_code == 422
        assert "Enter the street address where you live" in answer.text
    assert kept(ana).address is None
    assert client.submit("/settings/address", {**HOME, "line1": "12 Box Elder Rd"}).status_code == 303


def test_a_county_sent_along_is_heard_only_where_the_zip_leaves_it_open(client: Browser, ana: Person) -> None:
    client.submit("/settings/address", {**HOME, "county": "12033"})
    assert kept(ana).county_fips == "12086"


@pytest.mark.parametrize(
    ("zip_code", "state", "name"),
    [
        ("07102", "NJ", "We work in New Jersey too"),
        ("30301", "GA", "a license for Georgia"),
        ("09012", "AE", "a military post address"),
    ],
)
def test_another_state_is_kept_after_a_yes_and_a_person_is_told(
    client: Browser, ana: Person, zip_code: str, state: str, name: str
) -> None:
    moved = {**HOME, "city": "Elsewhere", "zip_code": zip_code}
    page = client.submit("/settings/address", moved)
    assert page.status_code == 200
    assert name in page.text
    assert "nothing is charged or sent" in page.text
    assert kept(ana).state == "FL", "nothing before the yes"
    assert alerts() == []
    assert client.submit("/settings/address", {**moved, "yes_to": "TX"}).status_code == 200, "a yes to another state"
    assert client.submit("/settings/address", {**moved, "yes_to": state}).status_code == 303
    assert (kept(ana).state, kept(ana).zip_code) == (state, zip_code)
    assert alerts() == [("MOVED", ana.patient_id)]
    client.submit("/settings/address", {**moved, "yes_to": state})
    assert len(alerts()) == 1


def refusals(house: House, applicant: Applicant) -> tuple[str, ...]:
    """Why this patient may not be charged."""
    with db.reading() as session:
        facts = charge_facts(session, applicant.enrollment_id, house.catalog, house.now)
    return may("charge", facts, house.now).codes


@pytest.mark.parametrize(("zip_code", "state"), [("07102", "NJ"), ("30301", "GA")])
def test_from_then_on_the_one_gate_says_no_and_back_home_yes_again(
    client: Browser, house: House, zip_code: str, state: str
) -> None:
    ana = ready_to_pay(house)
    client.sign_in(ana.person.user_id)
    assert refusals(house, ana) == ()
    client.submit("/settings/address", {**HOME, "zip_code": zip_code, "yes_to": state})
    assert refusals(house, ana) == ("residence",)
    assert client.get("/home").status_code == 200
    assert client.get("/visits").status_code == 200
    assert client.get("/billing").status_code == 200
    page = client.submit("/settings/address", HOME)
    assert "can go on there" in page.text
    client.submit("/settings/address", {**HOME, "yes_to": "FL"})
    assert refusals(house, ana) == ()


def test_staff_find_somebody_who_moved_away_among_their_alerts(client: Browser, ana: Person) -> None:
    client.submit("/settings/address", {**HOME, "zip_code": "30301", "yes_to": "GA"})
    client.sign_in(a_staff_member("coordinator").user_id)
    assert "A patient moved to another state" in client.get("/staff/alerts").text


@pytest.mark.parametrize(
    ("status", "state", "says"),
    [
        (
            "active",
            "NJ",
            ("a clinician with a license for New Jersey sees you first", "/visits/book", "Your membership"),
        ),
        ("approved", "NJ", ("What comes after", "/visits/book", "Nothing is charged.")),
        ("active", "GA", ("A clinician plans with you how your care goes on", "/waitlist", "Plan and billing")),
        ("assessed", "GA", ("No visit can be booked while you live there", "/waitlist", "Nothing is charged.")),
    ],
)
def test_one_page_says_what_a_move_means_for_care_and_money_and_home_leads_there(
    client: Browser, house: House, status: str, state: str, says: tuple[str, ...]
) -> None:
    who = somebody(house, status)
    client.sign_in(who.person.user_id)
    city, zip_code = HOMES[state]
    sent = {**HOME, "city": city, "zip_code": zip_code, "yes_to": state}
    page = client.submit("/settings/address", sent, follow_redirects=True)
    text = " ".join(page.text.split())
    for words in says:
        assert words in text
    assert ("Hear from us" in text) is (state == "GA")
    home = client.get("/home").text
    assert 'href="/moved"' in home
    assert ("Meet a clinician in New Jersey" in home) is (state == "NJ")
    assert "Read your consents" not in home, "one next step"
    client.submit("/settings/address", {**HOME, "yes_to": "FL"})
    assert 'href="/moved"' not in client.get("/home").text
    assert client.get("/moved").headers["Location"] == "/home"


def test_before_a_decision_a_move_between_our_states_leads_straight_on(client: Browser, house: House) -> None:
    who = somebody(house, "assessed")
    client.sign_in(who.person.user_id)
    asked = client.submit("/settings/address", {**HOME, "zip_code": "07102"})
    assert "Your way in goes on there" in asked.text
    page = client.submit("/settings/address", {**HOME, "zip_code": "07102", "yes_to": "NJ"}, follow_redirects=True)
    assert "Your address is changed." in page.text
    assert "Book your free visit" in page.text


def test_who_lives_where_we_are_not_may_wait_with_one_button(client: Browser, house: House) -> None:
    who = somebody(house, "active")
    client.sign_in(who.person.user_id)
    client.submit("/settings/address", {**HOME, "zip_code": "30301", "yes_to": "GA"})
    assert 'name="state" value="GA"' in client.get("/moved").text
    assert client.submit("/waitlist", {"email": "ana@example.com", "state": "GA"}).status_code == 303
    client.submit("/settings/address", {**HOME, "zip_code": "09012", "yes_to": "AE"})
    assert "Hear from us" not in client.get("/moved").text, "no post abroad ever opens"


def test_the_record_says_where_they_live_and_what_that_means(client: Browser, house: House) -> None:
    who = somebody(house, "active")
    coordinator = looking_after(staff_actor("coordinator"), who.patient_id)
    for state, says in (("NJ", "book a visit with a clinician"), ("GA", "We are not open there.")):
        moved(house, who, state)
        assert coordinator.user_id is not None
        client.sign_in(coordinator.user_id)
        page = " ".join(client.get(f"/staff/enrollments/{who.enrollment_id}").text.split())
        assert "Moved to" in page
        assert says in page
    moved(house, who, "FL")
    assert "Moved to" not in client.get(f"/staff/enrollments/{who.enrollment_id}").text


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"line1": ""}, "Enter your street"),
        ({"line1": "\u202e \u200b"}, "Enter your street"),
        ({"city": " "}, "Enter your city"),
        ({"zip_code": ""}, "Enter your ZIP code"),
        ({"zip_code": "1234"}, "five digits"),
        ({"zip_code": "00000"}, "We do not know this ZIP code"),
        ({"line1": "a" * 101}, "under 100 letters"),
        ({"zip_code": "3" * 5000}, "five digits"),
    ],
)
def test_what_is_missing_or_unreadable_is_said_at_its_field(
    client: Browser, ana: Person, changes: dict[str, str], words: str
) -> None:
    answer = client.submit("/settings/address", {**HOME, **changes})
    assert answer.status_code == 422
    assert words in answer.text
    assert kept(ana).address is None


def test_a_line_stays_a_line_and_nothing_else_is_heard(client: Browser, ana: Person) -> None:
    bea = a_patient(given_name="Bea")
    client.submit(
        "/settings/address",
        {**HOME, "line2": "Apt 4\r\nBcc: x", "state": "NJ", "user_id": str(bea.user_id), "time_zone": "Mars"},
    )
    found = kept(ana)
    assert found.address is not None
    assert found.address.line2 == "Apt 4 Bcc: x"
    assert (found.state, found.time_zone) == ("FL", "America/New_York")
    assert kept(bea).address is None


def test_another_site_cannot_send_the_form(client: Browser, ana: Person) -> None:
    assert client.post("/settings/address", data=HOME).status_code == 400
