"""An authenticator app, recovery codes, and staff who have nothing yet."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pyotp
import pytest
from flask import Flask
from sqlalchemy import select

from service.accounts.models import RecoveryCode, SignIn, User
from service.accounts.rules.factors import (
    device_tokens,
    new_recovery_codes,
    plain_recovery_code,
    totp_step,
    with_device_token,
)
from service.kit import db
from service.kit.clock import wall_now
from tests.accounts import steps
from tests.accounts.test_second_step import another_browser
from tests.client import Browser
from tests.conftest import House
from tests.factories.accounts import Person, a_patient, a_staff_member


@pytest.fixture
def ana(client: Browser, house: House) -> Person:
    """A patient who has just proved who she is."""
    person = a_patient()
    client.sign_in(person.user_id)
    return person


def an_employee_without_a_factor() -> Person:
    """As an invitation leaves them."""
    sam = a_staff_member("coordinator")
    steps.take_factor(sam, set_up_until=wall_now() + timedelta(hours=72))
    return sam


def test_an_app_is_in_force_only_when_its_first_code_came_back(client: Browser, ana: Person) -> None:
    client.submit("/settings/second-step/app/begin")
    assert "Show the picture" not in client.get("/settings/second-step/app").text
    wrong = client.submit("/settings/second-step/app", {"code": "000000"})
    assert wrong.status_code == 422
    assert "your phone's clock" in wrong.text.replace("&#39;", "'")
    with db.reading() as session:
        assert session.get_one(User, ana.user_id).totp_sealed is None
    steps.set_up_app(client)
    with db.reading() as session:
        user = session.get_one(User, ana.user_id)
        assert user.totp_sealed is not None
        assert user.totp_pending_sealed is None
    assert steps.changes(ana) == ["totp_added"]
    assert steps.trail("account.add_totp") == [("refused", None), ("done", None)]


def test_the_code_that_set_the_app_up_is_used(client: Browser, ana: Person) -> None:
    totp = steps.set_up_app(client)
    steps.proved_long_ago(ana.user_id)
    code = totp.at(wall_now())
    assert client.submit("/prove-it-is-you", {"code": code, "way": "app"}).status_code == 422


def test_looking_at_the_page_makes_no_secret(client: Browser, ana: Person) -> None:
    client.get("/settings/second-step/app")
    assert client.get("/settings/second-step/app/picture.svg").status_code == 404
    with db.reading() as session:
        assert session.get_one(User, ana.user_id).totp_pending_sealed is None
    assert client.submit("/settings/second-step/app", {"code": "123456"}).status_code == 422


def test_the_picture_is_drawn_here_and_loads_under_our_policy(client: Browser, ana: Person) -> None:
    client.submit("/settings/second-step/app/begin")
    assert '<img src="/settings/second-step/app/picture.svg"' in client.get("/settings/second-step/app").text
    picture = client.get("/settings/second-step/app/picture.svg")
    assert picture.mimetype == "image/svg+xml"
    assert "style" not in picture.text
    assert picture.headers["Cache-Control"] == "no-store"


def test_another_app_takes_over_only_when_it_works(client: Browser, ana: Person) -> None:
    first = steps.set_up_app(client)
    client.submit("/settings/second-step/app/begin")
    steps.proved_long_ago(ana.user_id)
    code = first.at(wall_now() + timedelta(seconds=30))
    assert client.submit("/prove-it-is-you", {"code": code, "way": "app"}).status_code == 303, "the old one still works"


@pytest.mark.parametrize(("late", "right"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
def test_a_clock_may_be_one_period_off_and_a_step_counts_once(late: int, right: bool) -> None:
    secret, at = pyotp.random_base32(), 1_795_000_000
    code = pyotp.TOTP(secret).at(at + 30 * late)
    step = totp_step(secret, code, None, at)
    assert (step is not None) is right
    if step is not None:
        assert totp_step(secret, code, step, at) is None
        assert totp_step(secret, code, step + 1, at) is None, "nor an older one afterwards"


def test_removing_the_app_asks_first_tells_the_owner_and_can_end_other_sign_ins(client: Browser, ana: Person) -> None:
    steps.set_up_app(client)
    with db.transaction() as session:
        elsewhere = SignIn(
            id=UUID(int=7),
            token_hash=b"elsewhere",
            user_id=ana.user_id,
            created_at=wall_now(),
            seen_at=wall_now(),
            expires_at=wall_now() + timedelta(hours=1),
            second_factor_at=wall_now(),
        )
        session.add(elsewhere)
    assert "Keep the app" in client.get("/settings/second-step/app/remove").text
    assert client.submit("/settings/second-step/app/remove", {"end_others": "y"}).status_code == 303
    assert client.get("/settings/second-step").status_code == 200, "this sign-in goes on, under a new token"
    with db.reading() as session:
        assert session.get_one(User, ana.user_id).totp_sealed is None
        assert session.get_one(SignIn, UUID(int=7)).revoked_at is not None
    assert steps.changes(ana) == ["totp_added", "totp_removed"]


def test_recovery_codes_are_offered_after_the_first_factor_and_shown_once(client: Browser, ana: Person) -> None:
    client.submit("/settings/second-step/app/begin")
    totp = steps.set_up_app(client)
    assert totp
    codes = steps.recovery_codes(client)
    assert len(set(codes)) == 10
    page = client.get("/settings/second-step/recovery-codes").text
    assert "You have 10 codes left" in page
    assert not any(code in page for code in codes)
    with db.reading() as session:
        stored = session.scalars(select(RecoveryCode.code_hash)).all()
    assert not any(code.replace("-", "").encode() in bytes(row) for code in codes for row in stored)


def test_a_recovery_code_lets_in_once_and_its_owner_hears_of_it(app: Flask, client: Browser, ana: Person) -> None:
    steps.set_up_app(client)
    code = steps.recovery_codes(client)[3]
    fresh = another_browser(app)
    steps.password(fresh, ana)
    assert "Recovery code" in fresh.get("/second-factor?way=recovery").text
    answer = fresh.submit(
        "/second-factor", {"way": "recovery", "code": code.upper().replace("-", " ").replace("0", "O")}
    )
    assert answer.headers["Location"] == "/home"
    assert "You have 9 codes left" in fresh.get("/settings/second-step").text
    assert steps.changes(ana)[-1] == "recovery_code_used"
    again = another_browser(app)
    steps.password(again, ana)
    assert again.submit("/second-factor", {"way": "recovery", "code": code}).status_code == 422


def test_a_new_set_replaces_the_old(app: Flask, client: Browser, ana: Person) -> None:
    steps.set_up_app(client)
    old, new = steps.recovery_codes(client), steps.recovery_codes(client)
    fresh = another_browser(app)
    steps.password(fresh, ana)
    assert fresh.submit("/second-factor", {"way": "recovery", "code": old[0]}).status_code == 422
    assert fresh.submit("/second-factor", {"way": "recovery", "code": new[0]}).status_code == 303


def test_somebody_elses_recovery_code_opens_nothing(app: Flask, client: Browser, ana: Person) -> None:
    steps.set_up_app(client)
    codes = steps.recovery_codes(client)
    ben = a_patient(given_name="Ben")
    steps.give_totp(ben)
    fresh = another_browser(app)
    steps.password(fresh, ben)
    assert fresh.submit("/second-factor", {"way": "recovery", "code": codes[0]}).status_code == 422


def test_without_a_factor_there_is_nothing_to_recover(client: Browser, ana: Person) -> None:
    assert client.submit("/settings/second-step/recovery-codes").status_code == 409


def test_recovery_codes_go_with_the_last_factor(client: Browser, ana: Person) -> None:
    steps.set_up_app(client)
    steps.recovery_codes(client)
    client.submit("/settings/second-step/app/remove")
    with db.reading() as session:
        assert None not in session.scalars(select(RecoveryCode.replaced_at)).all()


def test_staff_without_a_factor_reach_the_set_up_and_nothing_else(client: Browser, house: House) -> None:
    sam = an_employee_without_a_factor()
    assert steps.password(client, sam).headers["Location"] == "/settings/second-step/start"
    for path in ("/staff", "/staff/queue", "/settings/second-step", "/settings/second-step/recovery-codes"):
        assert client.get(path).headers["Location"] == "/settings/second-step/start", path
    assert client.get("/second-factor").headers["Location"] == "/settings/second-step/start"
    page = client.get("/settings/second-step/start").text
    assert "Not now" not in page
    assert "/staff/queue" not in page
    steps.set_up_app(client)
    assert client.get("/staff").status_code == 200
    assert client.get("/settings/second-step/recovery-codes").status_code == 200


def test_staff_with_a_factor_do_not_get_past_it_through_the_set_up(client: Browser, house: House) -> None:
    sam = a_staff_member("coordinator")
    steps.password(client, sam)
    for path in ("/settings/second-step/start", "/settings/second-step/app", "/settings/second-step/passkeys/new"):
        assert client.get(path).headers["Location"].startswith("/second-factor"), path
    assert client.submit("/settings/second-step/app/begin").headers["Location"].startswith("/second-factor")


def test_two_who_set_up_at_once_are_not_two_who_come_in(app: Flask, client: Browser, house: House) -> None:
    """A stranger with the password is half-way in; the owner adds an app; the stranger's set-up must end there."""
    sam = an_employee_without_a_factor()
    stranger = another_browser(app)
    for browser in (client, stranger):
        steps.password(browser, sam)
    stranger.submit("/settings/second-step/app/begin")
    steps.set_up_app(client)
    answer = stranger.submit("/settings/second-step/app/begin")
    assert answer.headers["Location"].startswith("/second-factor")
    assert stranger.get("/staff").headers["Location"].startswith("/second-factor")


def test_the_only_factor_of_staff_stays(client: Browser, house: House) -> None:
    sam = a_staff_member("coordinator")
    client.sign_in(sam.user_id)
    answer = client.submit("/settings/second-step/app/remove")
    assert answer.status_code == 409
    assert "your only second step" in answer.text
    with db.reading() as session:
        assert session.get_one(User, sam.user_id).totp_sealed is not None


@pytest.mark.parametrize("path", ["app", "app/remove", "passkeys/new", "recovery-codes", "app/picture.svg"])
def test_what_changes_a_factor_asks_for_a_fresh_proof(client: Browser, ana: Person, path: str) -> None:
    steps.proved_long_ago(ana.user_id)
    answer = client.get(f"/settings/second-step/{path}")
    assert answer.headers["Location"].startswith("/prove-it-is-you?next=/settings/second-step/")
    if not path.endswith("svg"):
        assert "/prove-it-is-you" in client.submit(f"/settings/second-step/{path}").headers["Location"]


def test_codes_look_like_nothing_else_and_bear_mistakes() -> None:
    codes = new_recovery_codes()
    assert all(len(plain_recovery_code(code)) == 10 for code in codes)
    assert plain_recovery_code(" 4F9KT - OWZIL ") == plain_recovery_code("4f9kt-0wz11")


def test_a_browser_remembers_five_people_and_the_newest_stays() -> None:
    tokens = [letter * 43 for letter in "abcdefg"]
    cookie: str | None = None
    for token in tokens:
        cookie = with_device_token(cookie, token)
    assert device_tokens(cookie) == tokens[2:]
    assert device_tokens(with_device_token(cookie, tokens[3]))[-1] == tokens[3]
