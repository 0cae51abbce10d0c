"""How often a code is mailed, that nobody can use up somebody else's, and what the page says of it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask

from service.accounts.actions import recovery
from service.accounts.rules.factors import mailed_wait
from service.kit.actor import Actor
from service.kit.clock import wall_now
from tests.accounts import steps
from tests.accounts.test_second_step import another_browser
from tests.client import Browser
from tests.conftest import House
from tests.factories.accounts import PASSWORD, Person, a_patient

STARTS = (0, 1, 2, 3, 4, 5, 7, 11, 19, 35, 65)  # minutes at which a code may leave when asked for as soon as may be


def a_thief_asks(app: Flask, ana: Person, monkeypatch: pytest.MonkeyPatch, times: int = 10) -> None:
    """Somebody with the password signs in as soon as another code would leave."""
    for minutes in STARTS[:times]:
        with steps.later(monkeypatch, minutes=minutes, seconds=minutes):
            steps.password(another_browser(app), ana)


def mailed(ana: Person) -> int:
    return len(steps.mails(ana.user_id, "sign_in_code"))


def test_the_wait_grows_and_ends() -> None:
    minutes = [mailed_wait(sent) // timedelta(minutes=1) for sent in (1, 4, 5, 6, 7, 8, 9, 10, 11, 10_000)]
    assert minutes == [1, 1, 1, 2, 4, 8, 16, 30, 30, 30]


def test_codes_that_were_used_up_come_again_half_an_hour_later(
    app: Flask, client: Browser, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    ana = a_patient()
    a_thief_asks(app, ana, monkeypatch)
    assert mailed(ana) == 10
    with steps.later(monkeypatch, minutes=40):
        steps.password(client, ana)
        assert mailed(ana) == 10
        page = client.get("/second-factor").text
        assert "we mailed you a code" not in page
        assert "in 26 minutes" in page
        assert "/forgot-password" in page
        client.submit("/second-factor/code")
        assert "No new code was mailed" in client.get("/second-factor").text
    with steps.later(monkeypatch, minutes=67):
        assert "Ask for a new one" in client.get("/second-factor").text
        client.submit("/second-factor/code")
        assert mailed(ana) == 11
        assert "we mailed you a code" in client.get("/second-factor").text
        assert client.submit("/second-factor", {"code": steps.mailed_code(ana)}).status_code == 303


def test_whoever_takes_the_account_back_is_mailed_a_code_at_once(
    app: Flask, client: Browser, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    ana = a_patient()
    a_thief_asks(app, ana, monkeypatch)
    with steps.later(monkeypatch, minutes=37):
        at = wall_now() + timedelta(minutes=37)
        recovery.ask_reset(email=ana.email, actor=Actor("visitor", address="198.51.100.9"), wall_now=at)
        recovery.mail_reset_links(now=house.now, wall_now=at)
        new = "seven quiet herons walk"
        path = str(steps.mails(ana.user_id, "reset_password")[-1]["path"])
        assert client.submit(path, {"new": new}).status_code == 303
        client.submit("/sign-in", {"email": ana.email, "password": new})
        assert mailed(ana) == 11
        assert "we mailed you a code" in client.get("/second-factor").text
        assert client.submit("/second-factor", {"code": steps.mailed_code(ana)}).status_code == 303


def test_of_two_sign_ins_within_a_minute_the_one_without_a_code_is_told_so(
    app: Flask, client: Browser, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    ana = a_patient()
    steps.password(another_browser(app), ana)
    steps.password(client, ana)
    page = client.get("/second-factor").text
    assert mailed(ana) == 1
    assert "we mailed you a code" not in page
    assert "You can have one in a minute" in page
    with steps.later(monkeypatch, seconds=61):
        client.submit("/second-factor/code")
        assert client.submit("/second-factor", {"code": steps.mailed_code(ana)}).status_code == 303


def test_codes_for_signing_in_do_not_use_up_those_that_prove(
    app: Flask, client: Browser, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    ana = a_patient()
    client.sign_in(ana.user_id)
    a_thief_asks(app, ana, monkeypatch)
    steps.proved_long_ago(ana.user_id)
    with steps.later(monkeypatch, minutes=20):
        assert client.submit("/prove-it-is-you/code", {"password": PASSWORD}).status_code == 303
    assert mailed(ana) == 11
