"""What a visitor may read before telling us anything."""

from __future__ import annotations

import re
from html import unescape

import pytest

from tests.client import Browser

PATHS = ["/", "/how-it-works", "/plans", "/states", "/safety", "/privacy", "/disclaimer"]


def words(client: Browser, path: str) -> str:
    html = client.get(path).get_data(as_text=True)
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())


@pytest.mark.parametrize("path", PATHS)
def test_every_public_page_shows_help_in_a_crisis_and_the_disclaimer(client: Browser, path: str) -> None:
    said = words(client, path)
    assert "Call 988" in said
    assert "Emergency: 911" in said
    assert "not approved by the FDA for OCD, depression, anxiety, PTSD or chronic pain" in said


@pytest.mark.parametrize("path", PATHS)
def test_no_public_page_promises_a_cure(client: Browser, path: str) -> None:
    said = words(client, path).lower().replace("it is not a cure", "").replace("nobody can promise", "")
    promises = r"\b(cures?|cured|guarantee\w*|promise\w*|miracle|proven|risk-free)\b"
    assert re.findall(promises, said) == []


@pytest.mark.parametrize("path", PATHS)
def test_a_visitor_is_given_no_cookie_for_reading(client: Browser, path: str) -> None:
    assert "Set-Cookie" not in client.get(path).headers


def test_the_price_on_the_first_page_is_the_cheapest_open_plan(client: Browser) -> None:
    assert "from $250 a month" in words(client, "/")


def test_the_first_step_is_the_free_assessment_and_asks_for_no_card(client: Browser) -> None:
    html = client.get("/").get_data(as_text=True)
    assert html.index('href="/assessment"') < html.index('href="/plans"')
    assert "No account, no card" in html


def test_all_counties_of_both_states_are_listed(client: Browser) -> None:
    html = client.get("/states").get_data(as_text=True)
    lists = re.findall(r'<ul class="counties">(.*?)</ul>', html, re.DOTALL)
    assert [block.count("<li>") for block in lists] == [67, 21]
    assert "Miami-Dade" in lists[0]
    assert "Essex" in lists[1]


def test_the_crisis_page_says_that_nobody_watches_it(client: Browser) -> None:
    assert "Nobody is watching this page" in words(client, "/safety")


def test_ocd_is_described_as_early_research(client: Browser) -> None:
    assert "Research on OCD is at an early stage" in words(client, "/")
