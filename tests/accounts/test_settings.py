"""What people tell us about themselves."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from sqlalchemy import select

from service.accounts import queries
from service.accounts.models import Patient, User
from service.accounts.queries.settings import OwnPatient, OwnSettings, own_settings
from service.audit.models import AuditEntry
from service.kit import db
from service.kit.format import unbroken
from tests.accounts.letters import mails
from tests.client import Browser
from tests.conftest import House
from tests.factories.accounts import Person, a_patient, a_staff_member

PATIENT_PAGES = ["about-you", "language", "time-zone", "phone", "emergency-contact", "email", "password", "devices"]
STAFF_PAGES = ["time-zone", "email", "password", "devices"]


def mine(person: Person) -> OwnSettings:
    with db.reading() as session:
        return own_settings(session, person.user_id)


def patient(person: Person) -> OwnPatient:
    found = mine(person).patient
    assert found is not None
    return found


def done(action: str) -> list[str]:
    with db.reading() as session:
        return list(session.scalars(select(AuditEntry.outcome).where(AuditEntry.action == action)))


@pytest.fixture
def ana(client: Browser, house: House) -> Person:
    ana = a_patient()
    client.sign_in(ana.user_id)
    return ana


def test_the_page_leads_to_every_other(client: Browser, ana: Person) -> None:
    page = client.get("/settings").text
    for one in [*PATIENT_PAGES, "address", "second-step", "who-looked", "your-data", "close-account"]:
        assert f'href="/settings/{one}"' in page, one
    assert 'href="/settings" aria-current="page"' in page
    assert ana.email in page


def links_of(page: str) -> set[str]:
    """Where the page itself leads, without masthead and footer."""
    main = page.partition("<main")[2].partition("</main>")[0]
    return set(re.findall(r'href="(/[^"]*)"', main))


def test_no_link_of_the_page_leads_nowhere(client: Browser, ana: Person) -> None:
    links = links_of(client.get("/settings").text)
    assert len(links) >= 12
    assert {one: client.get(one).status_code for one in links} == dict.fromkeys(links, 200)


def test_no_link_of_a_staff_members_page_leads_nowhere(client: Browser, house: House) -> None:
    client.sign_in(a_staff_member("clinician").user_id)
    links = links_of(client.get("/settings").text)
    assert len(links) >= 5
    assert {one: client.get(one).status_code for one in links} == dict.fromkeys(links, 200)


@pytest.mark.parametrize("page", PATIENT_PAGES)
def test_every_page_opens_and_says_where_one_is(client: Browser, ana: Person, page: str) -> None:
    answer = client.get(f"/settings/{page}")
    assert answer.status_code == 200
    assert 'href="/settings"' in answer.text
    main = answer.text.partition("<main")[2].partition("</main>")[0]
    assert main.count("<h1") == 1


def test_staff_see_only_what_is_theirs(client: Browser, house: House) -> None:
    client.sign_in(a_staff_member("billing").user_id)
    page = client.get("/settings").text
    assert "Sam Okafor" in page
    assert 'href="/settings">Settings' in page, "the link in the masthead"
    for one in [*STAFF_PAGES, "second-step"]:
        assert f'href="/settings/{one}"' in page
    for one in ["about-you", "language", "address", "phone", "emergency-contact", "who-looked", "your-data"]:
        assert f'"/settings/{one}"' not in page
    assert [client.get(f"/settings/{one}").status_code for one in STAFF_PAGES] == [200] * len(STAFF_PAGES)
    for one in ["about-you", "address", "phone", "emergency-contact"]:
        assert client.get(f"/settings/{one}").status_code == 403


def test_a_preferred_name_greets_on_pages_and_in_mail_and_the_record_keeps_its_own(
    client: Browser, ana: Person
) -> None:
    answer = client.submit("/settings/about-you", {"preferred_name": " Anita ", "pronouns": "she/her"})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/settings")
    assert "We will call you that" in client.get("/settings").text
    assert (patient(ana).preferred_name, patient(ana).pronouns) == ("Anita", "she/her")
    with db.reading() as session:
        assert queries.address_of(session, ana.user_id) == (ana.email, "Anita", "en")
        assert queries.patient(session, ana.patient_id or ana.user_id).given_name == "Ana"
    assert "Anita" in client.get("/home").text
    client.submit("/settings/about-you", {"preferred_name": "", "pronouns": ""})
    assert mine(ana).names == ("Ana", "Rivera")


def test_what_is_the_same_changes_nothing_and_says_so(client: Browser, ana: Person) -> None:
    for _ in range(2):
        client.submit("/settings/about-you", {"preferred_name": "Anita", "pronouns": ""})
    assert "Nothing was changed" in client.get("/settings").text
    assert done("account.change_about_you") == ["done"]


def test_a_name_stays_on_its_line_and_no_hidden_letter_is_kept(client: Browser, ana: Person) -> None:
    sent = "Ani\r\nBcc: eve@example.com\u202e\u200bta"
    client.submit("/settings/about-you", {"preferred_name": sent, "pronouns": ""})
    assert patient(ana).preferred_name == "Ani Bcc: eve@example.comta"


def test_what_is_too_long_is_refused_in_plain_words(client: Browser, ana: Person) -> None:
    answer = client.submit("/settings/about-you", {"preferred_name": "a" * 101, "pronouns": "b" * 41})
    assert answer.status_code == 422
    assert "Keep this under 100 letters" in answer.text
    assert "Keep this under 40 letters" in answer.text
    assert patient(ana).preferred_name == ""


def test_what_the_form_does_not_ask_is_not_heard(client: Browser, ana: Person) -> None:
    """Neither a role, nor another person, nor another field can be sent along."""
    bea = a_patient(given_name="Bea")
    extra = {"kind": "staff", "role": "owner", "user_id": str(bea.user_id), "patient_id": str(bea.patient_id)}
    sent = {"preferred_name": "Anita", "pronouns": "", "given_name": "Eve", "state": "NJ", **extra}
    client.submit("/settings/about-you", sent)
    with db.reading() as session:
        user = session.get_one(User, ana.user_id)
        assert (user.kind, user.role) == ("patient", None)
    assert (patient(ana).given_name, patient(ana).state) == ("Ana", "FL")
    assert patient(bea).preferred_name == ""


@pytest.mark.parametrize(
    ("typed", "kept", "shown"),
    [
        ("305 444 1234", "+13054441234", "(305) 444-1234"),
        ("+1 (305) 444-1234", "+13054441234", "(305) 444-1234"),
        ("+44 20 7946 0018", "+442079460018", "+44 20 7946 0018"),
    ],
)
def test_a_phone_number_is_kept_in_one_form_and_shown_in_another(
    client: Browser, ana: Person, typed: str, kept: str, shown: str
) -> None:
    assert client.submit("/settings/phone", {"phone": typed}).status_code == 303
    assert patient(ana).phone == kept
    assert unbroken(shown) in client.get("/settings").text
    assert [facts["what"] for _, _, _, facts in mails("security_change")] == ["phone_changed"]
    client.submit("/settings/phone", {"phone": shown})
    assert len(mails("security_change")) == 1, "the same number in other clothes is no change"
    client.submit("/settings/phone", {"phone": ""})
    assert patient(ana).phone == ""


@pytest.mark.parametrize("typed", ["12", "call me", "305 444 1234 ext 5", "1" * 5000, "+1 305 444 1234\r\nBcc: x"])
def test_what_is_no_phone_number_is_refused_with_an_example(client: Browser, ana: Person, typed: str) -> None:
    answer = client.submit("/settings/phone", {"phone": typed})
    assert answer.status_code == 422
    assert "like (305) 555-0123" in answer.text
    assert patient(ana).phone == ""


def test_an_emergency_contact_is_named_changed_and_removed(client: Browser, ana: Person) -> None:
    sent = {"name": "Leo Rivera", "relation": "brother", "phone": "305 444 1234"}
    assert client.submit("/settings/emergency-contact", sent).status_code == 303
    contact = patient(ana).emergency_contact
    assert contact is not None
    assert (contact.name, contact.relation, contact.phone) == ("Leo Rivera", "brother", "+13054441234")
    assert f"Leo Rivera, brother, {unbroken('(305) 444-1234')}" in client.get("/settings").text
    assert "Remove my emergency contact" in client.get("/settings/emergency-contact").text
    for _ in range(2):
        assert client.submit("/settings/emergency-contact/remove").status_code == 303
    assert patient(ana).emergency_contact is None
    assert done("account.remove_emergency_contact") == ["done"]


def test_an_emergency_contact_needs_a_name_and_a_number(client: Browser, ana: Person) -> None:
    answer = client.submit("/settings/emergency-contact", {"name": " ", "relation": "", "phone": "1"})
    assert answer.status_code == 422
    assert patient(ana).emergency_contact is None
    answer = client.submit("/settings/emergency-contact", {})
    assert "Enter the name of the person" in answer.text
    assert "Enter their phone number" in answer.text


def test_the_language_we_speak_is_chosen_from_a_list(client: Browser, ana: Person) -> None:
    page = client.get("/settings/language").text
    assert "These pages speak English for now" in page
    assert "Spanish · español" in page
    assert client.submit("/settings/language", {"care_language": "es"}).status_code == 303
    assert patient(ana).care_language == "es"
    assert mine(ana).locale == "en"
    assert client.submit("/settings/language", {"care_language": "tlh"}).status_code == 422
    assert patient(ana).care_language == "es"


def test_the_language_of_the_pages_is_asked_once_there_are_two(
    client: Browser, ana: Person, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.config, "LANGUAGES", ("en", "es"))
    assert 'name="locale"' in client.get("/settings/language").text
    client.submit("/settings/language", {"locale": "es", "care_language": "en"})
    assert mine(ana).locale == "es"


def test_a_language_the_pages_do_not_speak_cannot_be_slipped_in(client: Browser, ana: Person) -> None:
    client.submit("/settings/language", {"locale": "xx", "care_language": "es"})
    assert mine(ana).locale == "en"


def test_the_time_zone_follows_the_zip_until_another_is_chosen(client: Browser, ana: Person) -> None:
    assert 'value="zip" checked' in client.get("/settings/time-zone").text
    client.submit("/settings/time-zone", {"time_zone": "America/Los_Angeles"})
    assert patient(ana).time_zone == "America/Los_Angeles"
    assert "Pacific" in client.get("/settings").text
    client.submit("/settings/time-zone", {"time_zone": "zip"})
    assert patient(ana).time_zone == "America/New_York"


@pytest.mark.parametrize("sent", ["Europe/Berlin", "", "../../etc/passwd", "Mars/Olympus"])
def test_a_zone_outside_the_list_is_refused(client: Browser, ana: Person, sent: str) -> None:
    assert client.submit("/settings/time-zone", {"time_zone": sent}).status_code == 422
    assert patient(ana).time_zone == "America/New_York"


def test_staff_have_a_time_zone_of_their_own_and_nobodys_zip(client: Browser, house: House) -> None:
    sam = a_staff_member("coordinator")
    client.sign_in(sam.user_id)
    assert 'value="zip"' not in client.get("/settings/time-zone").text
    client.submit("/settings/time-zone", {"time_zone": "America/Chicago"})
    assert mine(sam).time_zone == "America/Chicago"
    assert client.submit("/settings/time-zone", {"time_zone": "zip"}).status_code == 422


def test_what_people_told_us_is_sealed(client: Browser, ana: Person) -> None:
    client.submit("/settings/about-you", {"preferred_name": "Anita", "pronouns": "she/her"})
    client.submit("/settings/phone", {"phone": "305 444 1234"})
    with db.reading() as session:
        row = session.scalars(select(Patient).where(Patient.id == ana.patient_id)).one()
        for sealed in (row.preferred_name_sealed, row.pronouns_sealed, row.phone_sealed):
            assert sealed is not None
            assert not any(clear in bytes(sealed) for clear in (b"Anita", b"she", b"305"))


def test_whoever_was_closed_in_between_changes_nothing(client: Browser, ana: Person, house: House) -> None:
    with db.transaction() as session:
        session.get_one(User, ana.user_id).deactivated_at = house.now
    answer = client.submit("/settings/phone", {"phone": "305 444 1234"})
    assert answer.headers["Location"].startswith("/sign-in")
    assert patient(ana).phone == ""


@pytest.mark.parametrize("page", ["about-you", "language", "time-zone", "phone", "emergency-contact"])
def test_another_site_cannot_send_the_form(client: Browser, ana: Person, page: str) -> None:
    assert client.post(f"/settings/{page}", data={"phone": "305 444 1234"}).status_code == 400
