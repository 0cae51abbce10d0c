"""No door without a doorkeeper, and no page that loads or sends anything elsewhere."""

from __future__ import annotations

import re
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask
from werkzeug.routing import Rule

from service.kit import access
from tests.client import Browser
from tests.conftest import House
from tests.factories.accounts import a_patient, a_staff_member

ALLOWED_LINKS = ("https://988lifeline.org/", "tel:", "sms:", "mailto:")


def rules(app: Flask) -> list[Rule]:
    return [rule for rule in app.url_map.iter_rules() if rule.endpoint != "static"]


def address(rule: Rule) -> str:
    """A path for `rule` with ids that belong to nobody."""
    made: dict[str, Any] = {}
    for name in rule.arguments:
        converter = rule._converters[name]
        choice = min(getattr(converter, "items", [""]))
        known = {"UUIDConverter": uuid4(), "IntegerConverter": 1, "AnyConverter": choice}
        made[name] = known.get(type(converter).__name__, "nobody-has-this")
    built = rule.build(made)
    assert built is not None
    return built[1]


def test_every_route_says_who_may_enter(app: Flask) -> None:
    undeclared = [rule.endpoint for rule in rules(app) if access.door_of(app.view_functions[rule.endpoint]) is None]
    assert undeclared == []


def test_a_route_that_says_nothing_lets_nobody_in(app: Flask, client: Browser) -> None:
    door = access.door_of(app.view_functions["site.home"])
    try:
        delattr(app.view_functions["site.home"], "homeward_door")
        assert client.get("/").status_code == 403
    finally:
        setattr(app.view_functions["site.home"], "homeward_door", door)  # noqa: B010


def tried(client: Browser, rule: Rule) -> int:
    method = "GET" if "GET" in (rule.methods or ()) else "POST"
    path = address(rule)
    answer = client.get(path) if method == "GET" else client.submit(path)
    location = answer.headers.get("Location", "")
    if answer.status_code == 303 and ("/sign-in" in location or "/second-factor" in location):
        return 401
    return answer.status_code


@pytest.mark.parametrize("who", ["visitor", "patient", "billing", "half-signed-in clinician", "closed account"])
def test_nobody_enters_a_door_that_is_not_theirs(app: Flask, client: Browser, house: House, who: str) -> None:
    from service.accounts.models import User
    from service.kit import db

    if who in ("patient", "closed account"):
        person = a_patient()
        client.sign_in(person.user_id)
        if who == "closed account":
            with db.transaction() as session:
                session.get_one(User, person.user_id).deactivated_at = house.now
    elif who == "billing":
        client.sign_in(a_staff_member("billing").user_id)
    elif who == "half-signed-in clinician":
        client.sign_in(a_staff_member("clinician").user_id, second_factor=False)
    entered = []
    for rule in rules(app):
        door = access.door_of(app.view_functions[rule.endpoint])
        assert door is not None
        mine = (
            door.kind in ("public", "machine")
            or (who == "patient" and door.kind in ("patient", "signed_in"))
            or (who == "billing" and (door.kind == "signed_in" or "billing" in door.roles))
        )
        if mine:
            continue
        status = tried(client, rule)
        if status not in (401, 403):
            entered.append((rule.endpoint, status))
    assert entered == []


def test_every_door_for_people_answers_without_breaking(app: Flask, client: Browser, house: House) -> None:
    """Ids that belong to nobody are a clear no, never a broken page."""
    for role in ("owner", "clinician", "coordinator", "patient"):
        fresh = app.test_client()
        assert isinstance(fresh, Browser)
        fresh.sign_in((a_patient() if role == "patient" else a_staff_member(role)).user_id)
        broken = [(role, rule.endpoint, status) for rule in rules(app) if (status := tried(fresh, rule)) == 500]
        assert broken == []


def test_a_form_without_its_token_is_refused_kindly_everywhere(app: Flask, client: Browser, house: House) -> None:
    client.sign_in(a_patient().user_id)
    for rule in rules(app):
        door = access.door_of(app.view_functions[rule.endpoint])
        if "POST" not in (rule.methods or ()) or door is None or door.kind in ("machine", "staff"):
            continue
        answer = client.post(address(rule), data={})
        assert answer.status_code == 400, rule.endpoint
        assert "988" in answer.text


@pytest.mark.parametrize("path", ["/", "/sign-in", "/assessment", "/waitlist", "/no-such-page"])
def test_a_page_loads_nothing_from_elsewhere_and_runs_nothing_inline(client: Browser, path: str) -> None:
    answer = client.get(path)
    html = answer.text
    assert "988" in html, "help is on every page"
    assert not re.search(r"<script(?![^>]*\bsrc=)", html)
    assert not re.search(r"<style|\bstyle=|\bon[a-z]+=|javascript:", html)
    for attribute in re.findall(r'(?:src|href|action)="([^"]+)"', html):
        own = attribute.startswith(("/", "#", "?")) or not re.match(r"[a-z]+:", attribute)
        assert own or attribute.startswith(ALLOWED_LINKS), attribute
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy


def test_cookies_are_those_of_production(client: Browser) -> None:
    answer = client.get("/sign-in")
    (cookie,) = [value for name, value in answer.headers if name == "Set-Cookie"] or [""]
    assert cookie.startswith("__Host-homeward=")
    for flag in ("Secure", "HttpOnly", "SameSite=Lax", "Path=/"):
        assert flag in cookie
    assert "Domain" not in cookie


@pytest.mark.parametrize(
    "target", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)", "/ok\r\nX: y"]
)
def test_signing_in_never_leads_to_another_site(client: Browser, target: str) -> None:
    from tests.factories.accounts import PASSWORD

    ana = a_patient()
    client.become_known(ana.user_id)
    answer = client.submit("/sign-in", {"email": ana.email, "password": PASSWORD, "next": target})
    assert answer.status_code == 303
    assert answer.headers["Location"] == "/home"
