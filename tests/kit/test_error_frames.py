"""Whoever is signed in keeps their menu and their way out on a page that says no; a broken house asks for nobody."""

from __future__ import annotations

import pytest

from service.kit import web
from tests.client import Browser
from tests.conftest import House
from tests.factories.accounts import a_patient, a_staff_member

NOT_HERE = "/there-is-no-such-page"


def masthead(page: str) -> str:
    return page.partition("<header")[2].partition("</header")[0]


@pytest.mark.parametrize(("path", "status"), [("/home", 403), (NOT_HERE, 404)])
def test_a_colleague_who_is_turned_away_keeps_the_staff_menu(
    house: House, client: Browser, path: str, status: int
) -> None:
    client.sign_in(a_staff_member("billing").user_id)
    answer = client.get(path)
    assert answer.status_code == status
    assert "Sign out" in masthead(answer.text)
    assert "Sign in" not in masthead(answer.text)
    assert 'href="/staff/memberships"' in masthead(answer.text)
    main = answer.text.partition("<main")[2].partition("</main")[0]
    assert 'href="/staff"' in main
    assert "Need a person?" not in main, "the patients' line is not for colleagues"


@pytest.mark.parametrize(("path", "status"), [("/staff", 403), (NOT_HERE, 404)])
def test_a_patient_who_is_turned_away_keeps_theirs(house: House, client: Browser, path: str, status: int) -> None:
    client.sign_in(a_patient().user_id)
    answer = client.get(path)
    assert answer.status_code == status
    assert "Sign out" in masthead(answer.text)
    assert 'href="/check-ins"' in masthead(answer.text)
    main = answer.text.partition("<main")[2].partition("</main")[0]
    assert 'href="/home"' in main
    assert "Need a person?" in main


def test_visitors_and_whoever_is_half_way_in_see_no_menu(house: House, client: Browser) -> None:
    assert "Sign in" in masthead(client.get(NOT_HERE).text)
    client.sign_in(a_staff_member("owner").user_id, second_factor=False)
    page = client.get(NOT_HERE).text
    assert "/staff/queue" not in page


@pytest.mark.parametrize("status", [500, 503])
def test_when_we_are_broken_nobody_is_asked_who_reads(
    house: House, client: Browser, monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    def asked() -> object:
        raise AssertionError("the page of an error of ours asked who reads it")

    monkeypatch.setattr(web, "reader", asked)
    with client.application.test_request_context("/"):
        page, answered = web.error_page(status)  # type: ignore[misc]
    assert answered == status
    assert "Sign in" in masthead(str(page))
