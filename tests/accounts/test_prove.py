"""Proving once more that it is you."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from service.accounts.models import SignIn
from service.kit import db
from service.kit.clock import wall_now
from tests.accounts import steps
from tests.client import Browser
from tests.conftest import House
from tests.factories.accounts import PASSWORD, Person, a_patient, a_staff_member

RISKY = "/settings/second-step/app"


@pytest.fixture
def ana(client: Browser, house: House) -> Person:
    """A patient whose last proof is long ago."""
    person = a_patient()
    client.sign_in(person.user_id)
    steps.proved_long_ago(person.user_id)
    return person


def test_a_risky_page_asks_and_leads_back(client: Browser, ana: Person) -> None:
    totp = steps.give_totp(ana)
    asked = client.get(RISKY).headers["Location"]
    assert asked == f"/prove-it-is-you?next={RISKY}"
    assert "Code from your authenticator app" in client.get(asked).text
    answer = client.submit("/prove-it-is-you", {"way": "app", "code": totp.at(wall_now()), "next": RISKY})
    assert (answer.status_code, answer.headers["Location"]) == (303, RISKY)
    assert client.get(RISKY).status_code == 200
    assert steps.trail("account.prove") == [("done", "app")]


def test_a_proof_renews_the_token_and_keeps_the_rest(client: Browser, ana: Person) -> None:
    totp = steps.give_totp(ana)
    client.get("/prove-it-is-you")
    with client.session_transaction(base_url="https://localhost") as session:
        before, csrf = session["_user_id"], session["csrf_token"]
    client.submit("/prove-it-is-you", {"way": "app", "code": totp.at(wall_now())})
    with client.session_transaction(base_url="https://localhost") as session:
        assert session["_user_id"] != before
        assert session["csrf_token"] == csrf, "forms in other tabs go on"
        session["_user_id"] = before
    assert client.get("/home").status_code == 303


def test_a_proof_lasts_ten_minutes(client: Browser, ana: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    totp = steps.give_totp(ana)
    client.submit("/prove-it-is-you", {"way": "app", "code": totp.at(wall_now())})
    assert client.get(RISKY).status_code == 200
    with steps.later(monkeypatch, minutes=9):
        assert client.get(RISKY).status_code == 200
    with steps.later(monkeypatch, minutes=10, seconds=1):
        assert client.get(RISKY).status_code == 303


def test_without_a_factor_the_password_and_a_mailed_code_prove_it(client: Browser, ana: Person) -> None:
    page = client.get("/prove-it-is-you", query_string={"next": RISKY}).text
    assert "Your password" in page
    assert steps.mails(ana.user_id, "sign_in_code") == []
    answer = client.submit("/prove-it-is-you/code", {"password": PASSWORD, "next": RISKY})
    assert answer.headers["Location"] == f"/prove-it-is-you?next={RISKY}"
    assert "Code from the email" in client.get(answer.headers["Location"]).text
    answer = client.submit("/prove-it-is-you", {"way": "mail", "code": steps.mailed_code(ana), "next": RISKY})
    assert answer.headers["Location"] == RISKY
    assert client.get(RISKY).status_code == 200


def test_the_wrong_password_mails_nothing(client: Browser, ana: Person) -> None:
    answer = client.submit("/prove-it-is-you/code", {"password": "not this one"})
    assert answer.status_code == 422
    assert "not this one" not in answer.text
    assert steps.mails(ana.user_id, "sign_in_code") == []
    assert steps.trail("account.send_code") == [("refused", "prove")]


def test_the_code_of_the_sign_in_is_not_the_proof(client: Browser, house: House) -> None:
    """Whoever reads the mailbox still needs the password."""
    ana = a_patient()
    steps.password(client, ana)
    signed_in_with = steps.mailed_code(ana)
    client.submit("/second-factor", {"code": signed_in_with})
    steps.proved_long_ago(ana.user_id)
    assert client.submit("/prove-it-is-you", {"way": "mail", "code": signed_in_with}).status_code == 422


def test_whoever_has_a_factor_cannot_prove_it_with_password_and_mail(client: Browser, ana: Person) -> None:
    steps.give_totp(ana)
    assert client.submit("/prove-it-is-you/code", {"password": PASSWORD}).status_code == 422
    assert steps.mails(ana.user_id, "sign_in_code") == []


def test_knowing_the_password_buys_no_guesses(client: Browser, ana: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    with steps.later(monkeypatch, seconds=1):  # and the clock stands still
        client.submit("/prove-it-is-you/code", {"password": PASSWORD})
        statuses = [
            client.submit("/prove-it-is-you", {"way": "mail", "code": f"1111111{n}"}).status_code for n in range(4)
        ]
        assert client.submit("/prove-it-is-you/code", {"password": PASSWORD}).status_code == 429
        assert client.submit("/prove-it-is-you", {"way": "mail", "code": "22222222"}).status_code == 429
    assert statuses == [422] * 4


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:x"])
def test_a_proof_leads_to_no_other_site(client: Browser, ana: Person, target: str) -> None:
    totp = steps.give_totp(ana)
    assert "evil" not in client.get("/prove-it-is-you", query_string={"next": target}).text
    answer = client.submit("/prove-it-is-you", {"way": "app", "code": totp.at(wall_now()), "next": target})
    assert answer.headers["Location"] == "/home"


def test_staff_prove_it_with_their_own_factor_only(client: Browser, house: House) -> None:
    sam = a_staff_member("owner")
    client.sign_in(sam.user_id)
    steps.proved_long_ago(sam.user_id)
    assert "authenticator app" in client.get("/prove-it-is-you").text
    assert client.submit("/prove-it-is-you", {"way": "mail", "code": "11111111"}).status_code == 422
    assert client.submit("/prove-it-is-you/code", {"password": PASSWORD}).status_code == 422
    with db.reading() as session:
        assert session.scalars(select(SignIn.proved_at).where(SignIn.user_id == sam.user_id)).one() is None


def test_a_recovery_code_proves_it_too_and_is_used(client: Browser, house: House) -> None:
    ana = a_patient()
    client.sign_in(ana.user_id)
    steps.set_up_app(client)
    code = steps.recovery_codes(client)[0]
    steps.proved_long_ago(ana.user_id)
    assert client.submit("/prove-it-is-you", {"way": "recovery", "code": code}).status_code == 303
    steps.proved_long_ago(ana.user_id)
    assert client.submit("/prove-it-is-you", {"way": "recovery", "code": code}).status_code == 422


def test_whoever_proved_it_just_now_is_not_asked(client: Browser, house: House) -> None:
    client.sign_in(a_patient().user_id)
    answer = client.get("/prove-it-is-you", query_string={"next": "/billing"})
    assert answer.headers["Location"] == "/billing"
