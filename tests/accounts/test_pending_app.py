"""The secret of an app that was shown and has no first code yet: for one sign-in, for fifteen minutes."""

from __future__ import annotations

from datetime import timedelta

import pyotp
import pytest
from flask import Flask
from sqlalchemy import update

from service.accounts.models import SignIn, User
from service.kit import db
from service.kit.clock import wall_now
from tests.accounts import steps
from tests.accounts.test_second_step import another_browser
from tests.client import Browser
from tests.conftest import House
from tests.factories.accounts import a_patient, a_staff_member

APP = "/settings/second-step/app"


def test_what_one_sign_in_was_shown_another_is_not_and_may_not_finish(
    app: Flask, client: Browser, house: House
) -> None:
    sam = a_staff_member("clinician")
    steps.take_factor(sam, set_up_until=wall_now() + timedelta(hours=72))
    thief = another_browser(app)
    for browser in (thief, client):
        steps.password(browser, sam)
    thief.submit(f"{APP}/begin")
    key = steps.shown_key(thief)
    assert key is not None
    assert steps.shown_key(client) is None
    assert client.get(f"{APP}/picture.svg").status_code == 404
    assert client.submit(APP, {"code": pyotp.TOTP(key).at(wall_now())}).status_code == 422
    steps.set_up_app(client)
    assert thief.submit(APP, {"code": pyotp.TOTP(key).at(wall_now())}).status_code in (303, 403)
    assert thief.get("/staff/queue").status_code == 303, "the owner's app is the one in force"


@pytest.mark.parametrize(("minutes", "status"), [(8, 303), (16, 422)])
def test_it_waits_fifteen_minutes(
    client: Browser, house: House, monkeypatch: pytest.MonkeyPatch, minutes: int, status: int
) -> None:
    ana = a_patient()
    client.sign_in(ana.user_id)
    client.submit(f"{APP}/begin")
    key = steps.shown_key(client)
    assert key is not None
    with steps.later(monkeypatch, minutes=minutes):
        at = wall_now() + timedelta(minutes=minutes)
        with db.transaction() as session:
            session.execute(update(SignIn).where(SignIn.user_id == ana.user_id).values(proved_at=at))
        assert (steps.shown_key(client) == key) is (status == 303)
        assert client.submit(APP, {"code": pyotp.TOTP(key).at(at)}).status_code == status


@pytest.mark.parametrize("way", ["end-all", "end-others"])
def test_it_goes_with_the_sign_in_it_was_shown_in(app: Flask, client: Browser, house: House, way: str) -> None:
    ana = a_patient()
    stranger = another_browser(app)
    for browser in (client, stranger):
        browser.sign_in(ana.user_id)
    stranger.submit(f"{APP}/begin")
    assert steps.shown_key(stranger) is not None
    assert client.submit(f"/settings/devices/{way}").status_code == 303
    with db.reading() as session:
        user = session.get_one(User, ana.user_id)
        assert (user.totp_pending_sealed, user.totp_pending_for, user.totp_pending_at) == (None, None, None)


def test_ending_the_others_leaves_ones_own(app: Flask, client: Browser, house: House) -> None:
    ana = a_patient()
    client.sign_in(ana.user_id)
    client.submit(f"{APP}/begin")
    key = steps.shown_key(client)
    client.submit("/settings/devices/end-others")
    assert key is not None
    assert steps.shown_key(client) == key
