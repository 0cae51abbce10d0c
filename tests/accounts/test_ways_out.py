"""What the pages on second steps offer, and where they lead back to."""

from __future__ import annotations

import pytest

from tests.accounts import steps
from tests.client import Browser
from tests.conftest import House
from tests.factories.accounts import PASSWORD, Person, a_patient, a_staff_member


def main_of(page: str) -> str:
    """The page without masthead and footer."""
    return page.partition("<main")[2].partition("</main>")[0]


@pytest.fixture
def ana(client: Browser, house: House) -> Person:
    person = a_patient()
    client.sign_in(person.user_id)
    return person


@pytest.fixture
def sam(client: Browser, house: House) -> Person:
    """Of staff, with an app and no passkey."""
    person = a_staff_member("clinician")
    client.sign_in(person.user_id)
    return person


@pytest.mark.parametrize("page", ["app", "passkeys/new", "recovery-codes"])
def test_each_page_leads_back_to_the_list(client: Browser, ana: Person, page: str) -> None:
    steps.give_totp(ana)
    assert 'href="/settings/second-step"' in main_of(client.get(f"/settings/second-step/{page}").text)


def test_staff_keep_their_way_to_the_settings(client: Browser, sam: Person) -> None:
    page = client.get("/settings/second-step").text
    assert page.count('href="/settings"') == 2, "in the masthead, and back"
    assert "Sign out" in page


def test_staff_are_not_offered_to_remove_their_only_second_step(client: Browser, sam: Person) -> None:
    page = client.get("/settings/second-step").text
    assert "app/remove" not in page
    assert "add a passkey first" in page
    removal = client.get("/settings/second-step/app/remove").text
    assert "Add a passkey first" in removal
    assert "we mail you a code" not in removal
    assert 'action="/settings/second-step/app/remove"' not in removal


def test_a_patient_reads_what_follows_when_the_app_goes(client: Browser, ana: Person) -> None:
    steps.give_totp(ana)
    assert "app/remove" in client.get("/settings/second-step").text
    assert "we mail you a code" in client.get("/settings/second-step/app/remove").text


def test_staff_who_lost_everything_ask_an_owner(client: Browser, sam: Person) -> None:
    steps.proved_long_ago(sam.user_id)
    page = main_of(client.get("/prove-it-is-you").text)
    assert "Ask an owner of the practice" in page
    assert "Call us" not in page


def test_patients_who_lost_everything_call_us(client: Browser, ana: Person) -> None:
    steps.give_totp(ana)
    steps.proved_long_ago(ana.user_id)
    page = main_of(client.get("/prove-it-is-you").text)
    assert "Call us" in page
    assert "Ask an owner" not in page


@pytest.mark.parametrize(
    ("target", "words", "away"),
    [
        ("/settings/password", "changing your password", "/settings"),
        ("/settings/close-account", "closing your account", "/settings"),
        ("/billing", "", "/home"),
    ],
)
def test_a_proof_says_what_comes_next_and_lets_go(
    client: Browser, ana: Person, target: str, words: str, away: str
) -> None:
    steps.proved_long_ago(ana.user_id)
    page = main_of(client.get("/prove-it-is-you", query_string={"next": target}).text)
    assert ("Next: " in page) == bool(words)
    assert words in page
    assert f'href="{away}"' in page


def test_a_code_that_waits_is_no_mistake_in_the_password(client: Browser, ana: Person) -> None:
    steps.proved_long_ago(ana.user_id)
    assert client.submit("/prove-it-is-you/code", {"password": PASSWORD}).status_code == 303
    answer = client.submit("/prove-it-is-you/code", {"password": PASSWORD})
    assert answer.status_code == 429
    assert "No new code was mailed" in answer.text
    assert 'id="password-error"' not in answer.text


@pytest.mark.parametrize("page", ["your-data", "close-account", "who-looked"])
def test_pages_on_ones_data_lead_back_to_the_settings(client: Browser, ana: Person, page: str) -> None:
    assert 'href="/settings"' in main_of(client.get(f"/settings/{page}").text)


def test_every_part_of_an_address_is_asked_for_at_once(client: Browser, ana: Person) -> None:
    page = client.submit("/settings/address", {"line1": "", "city": "", "zip_code": "1"}).text
    for field in ("line1", "city", "zip_code"):
        assert f'id="{field}-error"' in page


@pytest.mark.parametrize("zip_code", ["33101", " 33101 ", "33101-1234"])
def test_a_zip_may_be_typed_with_its_four_more_digits(client: Browser, ana: Person, zip_code: str) -> None:
    sent = {"line1": "1 Main St", "city": "Miami", "zip_code": zip_code}
    assert client.submit("/settings/address", sent).status_code == 303


def test_a_telephone_number_stays_on_one_line(client: Browser, ana: Person) -> None:
    assert "(305)\N{NO-BREAK SPACE}555\N{NON-BREAKING HYPHEN}0142" in client.get("/account-closed").text


def test_after_closing_nobody_is_told_of_answers(client: Browser) -> None:
    assert "your answers here" not in client.get("/account-closed").text
