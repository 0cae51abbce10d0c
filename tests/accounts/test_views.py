"""The door as people meet it."""

from __future__ import annotations

from datetime import timedelta

import pyotp
import pytest
from sqlalchemy import select, update

from service.accounts import writes
from service.accounts.models import SignIn, User
from service.kit import db
from service.kit.clock import wall_now
from tests.accounts.test_actions import sent_link
from tests.client import Browser
from tests.conftest import House
from tests.factories.accounts import PASSWORD, a_patient, a_staff_member


def test_a_patient_signs_in_and_stands_at_home(client: Browser, house: House) -> None:
    ana = a_patient()
    client.become_known(ana.user_id)
    answer = client.submit("/sign-in", {"email": ana.email, "password": PASSWORD})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/home")
    assert "Ana" in client.get("/home").text


def test_a_page_that_needs_signing_in_is_where_one_stands_afterwards(client: Browser, house: House) -> None:
    ana = a_patient()
    client.become_known(ana.user_id)
    turned = client.get("/billing")
    assert turned.headers["Location"] == "/sign-in?next=/billing"
    answer = client.submit("/sign-in", {"email": ana.email, "password": PASSWORD, "next": "/billing"})
    assert answer.headers["Location"] == "/billing"


@pytest.mark.parametrize("email", ["ana@example.com", "nobody@example.com"])
def test_a_wrong_pair_is_answered_alike_for_known_and_unknown(client: Browser, house: House, email: str) -> None:
    a_patient(email="ana@example.com")
    answer = client.submit("/sign-in", {"email": email, "password": "wrong"})
    assert answer.status_code == 422
    assert "The email address or password is not right" in answer.text
    assert "wrong" not in answer.text.replace("went wrong", ""), "a password is never shown again"


def test_what_is_left_empty_is_asked_for_at_its_field_and_above(client: Browser, house: House) -> None:
    answer = client.submit("/sign-in", {})
    assert answer.status_code == 422
    assert "<title>Error:" in answer.text
    assert answer.text.count("Enter your email address") == 2
    assert answer.text.count("Enter your password") == 2


def test_signing_in_starts_a_fresh_session(client: Browser, house: House) -> None:
    """A cookie that somebody planted before does not become the person's."""
    with client.session_transaction(base_url="https://localhost") as session:
        session["planted"] = "by a stranger"
        session["csrf_token"] = "known to a stranger"
    ana = a_patient()
    client.submit("/sign-in", {"email": ana.email, "password": PASSWORD})
    with client.session_transaction(base_url="https://localhost") as session:
        assert "planted" not in session
        assert session.get("csrf_token") != "known to a stranger"


def test_staff_meet_the_code_page_before_any_other(client: Browser, house: House) -> None:
    sam = a_staff_member("coordinator")
    answer = client.submit("/sign-in", {"email": sam.email, "password": PASSWORD})
    assert answer.headers["Location"] == "/second-factor"
    assert client.get("/staff/queue").headers["Location"] == "/second-factor?next=/staff/queue"
    digits = pyotp.TOTP(sam.totp_secret or "").at(wall_now())
    answer = client.submit("/second-factor", {"code": f"{digits[:3]} {digits[3:]}"})
    assert answer.headers["Location"] == "/staff"
    assert client.get("/staff/queue").status_code == 200


@pytest.mark.parametrize("code", ["000000", "", "١٢٣٤٥٦", "12345678901234567890"])
def test_a_wrong_code_says_so_and_lets_nobody_in(client: Browser, house: House, code: str) -> None:
    sam = a_staff_member("coordinator")
    client.submit("/sign-in", {"email": sam.email, "password": PASSWORD})
    assert client.submit("/second-factor", {"code": code}).status_code == 422
    assert client.get("/staff/queue").status_code == 303


def test_a_link_that_is_only_looked_at_confirms_nothing(client: Browser, house: House) -> None:
    ana = a_patient(confirmed=False)
    with db.transaction() as session:
        writes.send_confirmation(session, user_id=ana.user_id, now=house.now)
    path = f"/confirm/{sent_link(ana.user_id)}"
    for _ in range(3):
        assert client.get(path).status_code == 200
        client.head(path)
    with db.reading() as session:
        assert session.get_one(User, ana.user_id).email_confirmed_at is None
    assert client.submit(path, {"password": PASSWORD}).headers["Location"] == "/sign-in"
    assert "Your email address is confirmed" in client.get("/sign-in").text
    assert client.get(path).status_code == 410
    assert client.submit(path, {"password": PASSWORD}).status_code == 303, "pressing twice is once"


def test_an_old_link_is_answered_kindly(client: Browser, house: House) -> None:
    answer = client.get("/confirm/not-a-link")
    assert answer.status_code == 410
    assert "Nothing is lost" in answer.text


def test_signing_out_works_however_often_and_however_late(client: Browser, house: House) -> None:
    client.sign_in(a_patient().user_id)
    assert client.submit("/sign-out").headers["Location"] == "/signed-out"
    assert client.get("/home").status_code == 303
    assert client.submit("/sign-out").headers["Location"] == "/signed-out"


def test_an_idle_sign_in_ends_and_leads_back_to_the_page(client: Browser, house: House) -> None:
    client.sign_in(a_patient().user_id)
    with db.transaction() as session:
        session.execute(update(SignIn).values(seen_at=wall_now() - timedelta(minutes=31)))
    assert client.get("/check-ins").headers["Location"] == "/sign-in?next=/check-ins"


def test_being_here_is_noted_at_most_once_a_minute(client: Browser, house: House) -> None:
    sign_in_id = client.sign_in(a_patient().user_id)
    long_ago = wall_now() - timedelta(minutes=5)
    with db.transaction() as session:
        session.execute(update(SignIn).values(seen_at=long_ago))
    client.get("/home")
    with db.reading() as session:
        first = session.scalar(select(SignIn.seen_at).where(SignIn.id == sign_in_id))
    client.get("/home")
    with db.reading() as session:
        second = session.scalar(select(SignIn.seen_at).where(SignIn.id == sign_in_id))
    assert first is not None
    assert long_ago < first == second


def test_a_changed_cookie_is_nobody(client: Browser, house: House) -> None:
    client.sign_in(a_patient().user_id)
    client.set_cookie("__Host-homeward", "tampered", domain="localhost", secure=True)
    assert client.get("/home").status_code == 303
