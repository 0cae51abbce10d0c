"""Passkeys, with an authenticator in software: made, shown, and whatever a thief could send instead."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from werkzeug.test import TestResponse

from service.accounts.models import Passkey, User
from service.kit import crypto, db
from service.kit.clock import wall_now
from tests.accounts import steps
from tests.accounts.authenticator import USER_PRESENT, Authenticator
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


@pytest.fixture
def phone(client: Browser, ana: Person) -> Authenticator:
    """Her phone, with a passkey on it."""
    phone = Authenticator()
    assert steps.add_passkey(client, phone).status_code == 303
    return phone


def options(client: Browser, path: str = "/sign-in/passkey/ask") -> dict[str, Any]:
    found: dict[str, Any] = json.loads(client.submit(path).text)
    return found


def sign_in(client: Browser, credential: str) -> TestResponse:
    return client.submit("/sign-in/passkey", {"credential": credential})


def test_a_passkey_is_added_named_and_its_owner_hears_of_it(client: Browser, ana: Person) -> None:
    answer = steps.add_passkey(client, Authenticator(), "Ana's phone\x07")
    assert answer.headers["Location"] == "/settings/second-step/recovery-codes"
    page = client.get("/settings/second-step").text
    assert "Ana&#39;s phone" in page
    with db.reading() as session:
        key = session.scalars(select(Passkey)).one()
    assert crypto.unseal(key.name_sealed, "passkeys", "name", key.id) == "Ana's phone"
    assert steps.changes(ana) == ["passkey_added"]


def test_what_the_browser_is_asked_names_us_and_nobodys_health(client: Browser, ana: Person) -> None:
    asked = options(client, "/settings/second-step/passkeys/ask")
    assert asked["rp"] == {"id": "localhost", "name": "Homeward"}
    assert asked["authenticatorSelection"]["userVerification"] == "required"
    assert asked["authenticatorSelection"]["residentKey"] == "required"
    assert asked["attestation"] == "none"
    assert asked["user"]["name"] == ana.email


def test_the_page_where_one_signs_in_offers_it_and_says_what_it_needs(client: Browser, house: House) -> None:
    page = client.get("/sign-in").text
    assert 'action="/sign-in/passkey"' in page
    assert "Passkeys need JavaScript" in page


def test_a_passkey_signs_in_without_a_password(app: Flask, ana: Person, phone: Authenticator) -> None:
    fresh = another_browser(app)
    asked = options(fresh)
    assert asked.get("allowCredentials", []) == [], "nobody is named before they say who they are"
    answer = sign_in(fresh, phone.show(asked))
    assert (answer.status_code, answer.headers["Location"]) == (303, "/home")
    assert "Ana" in fresh.get("/home").text
    assert fresh.get("/settings/second-step/app").status_code == 200, "a passkey is a fresh proof"
    assert len(steps.mails(ana.user_id, "new_sign_in")) == 1
    assert ("done", "passkey") in steps.trail("account.sign_in")


def test_signing_in_with_a_passkey_once_spares_nobody_the_second_step(
    app: Flask, ana: Person, phone: Authenticator
) -> None:
    """The computer may be anybody's."""
    fresh = another_browser(app)
    sign_in(fresh, phone.show(options(fresh)))
    fresh.submit("/sign-out")
    assert steps.password(fresh, ana).headers["Location"] == "/second-factor"


def test_a_passkey_is_a_second_step(app: Flask, ana: Person, phone: Authenticator) -> None:
    fresh = another_browser(app)
    steps.password(fresh, ana)
    page = fresh.get("/second-factor").text
    assert "data-passkey" in page
    assert "Passkeys need JavaScript" in page
    assert "way=recovery" in page
    asked = options(fresh, "/second-factor/passkey")
    assert len(asked["allowCredentials"]) == 1
    answer = fresh.submit("/second-factor", {"way": "passkey", "credential": phone.show(asked)})
    assert answer.headers["Location"] == "/home"


def test_a_passkey_proves_it_again(client: Browser, ana: Person, phone: Authenticator) -> None:
    steps.proved_long_ago(ana.user_id)
    asked = options(client, "/second-factor/passkey")
    answer = client.submit("/prove-it-is-you", {"way": "passkey", "credential": phone.show(asked), "next": "/billing"})
    assert answer.headers["Location"] == "/billing"


def test_an_answer_counts_once(app: Flask, ana: Person, phone: Authenticator) -> None:
    fresh = another_browser(app)
    credential = phone.show(options(fresh))
    assert sign_in(fresh, credential).status_code == 303
    fresh.submit("/sign-out")
    answer = sign_in(fresh, credential)
    assert answer.status_code == 422
    assert "passkey did not work" in answer.text


def test_an_old_cookie_does_not_bring_a_challenge_back(app: Flask, ana: Person, phone: Authenticator) -> None:
    """Somebody kept a copy of both the session cookie and the answer, of a passkey that counts nothing."""
    fresh = another_browser(app)
    asked = options(fresh)
    kept = fresh.get_cookie("__Host-homeward", domain="localhost")
    assert kept is not None
    phone.count = -1
    credential = phone.show(asked)
    assert phone.count == 0
    assert sign_in(fresh, credential).status_code == 303
    thief = another_browser(app)
    thief.set_cookie("__Host-homeward", kept.value, domain="localhost", secure=True)
    assert sign_in(thief, credential).status_code == 422
    assert ("refused", "passkey_replayed") in steps.trail("account.sign_in")


def test_an_answer_to_another_challenge_is_none(app: Flask, ana: Person, phone: Authenticator) -> None:
    fresh = another_browser(app)
    first = options(fresh)
    options(fresh)
    assert sign_in(fresh, phone.show(first)).status_code == 422
    assert sign_in(fresh, phone.show(first)).status_code == 422, "and without any challenge neither"


def test_a_challenge_for_one_thing_is_none_for_another(client: Browser, ana: Person, phone: Authenticator) -> None:
    asked = options(client, "/second-factor/passkey")
    client.submit("/sign-out")
    assert sign_in(client, phone.show(asked)).status_code == 422


def test_a_challenge_waits_five_minutes(
    app: Flask, ana: Person, phone: Authenticator, monkeypatch: pytest.MonkeyPatch
) -> None:
    fresh = another_browser(app)
    credential = phone.show(options(fresh))
    with steps.later(monkeypatch, minutes=5, seconds=1):
        assert sign_in(fresh, credential).status_code == 422


@pytest.mark.parametrize(
    "change",
    [
        {"origin": "https://homeward.evil.example"},
        {"origin": "http://localhost"},
        {"host": "evil.example"},
        {"flags": USER_PRESENT},
        {"flags": 0},
        {"count": 2},
        {"user_handle": bytes(16)},
        {"credential_id": bytes(32)},
    ],
    ids=["another site", "not https", "another host", "not unlocked", "nobody there", "count", "handle", "unknown"],
)
def test_what_a_thief_could_send_lets_nobody_in(
    app: Flask, ana: Person, phone: Authenticator, change: dict[str, Any]
) -> None:
    fresh = another_browser(app)
    sign_in(fresh, phone.show(options(fresh)))
    fresh.submit("/sign-out")
    phone.count = 7
    sign_in(fresh, phone.show(options(fresh)))
    fresh.submit("/sign-out")
    for name, value in change.items():
        setattr(phone, name, value)
    answer = sign_in(fresh, phone.show(options(fresh)))
    assert answer.status_code == 422
    assert "passkey did not work" in answer.text
    assert fresh.get("/home").status_code == 303
    assert steps.trail("account.sign_in")[-1][0] == "refused"


def test_a_signature_by_another_key_is_none(app: Flask, ana: Person, phone: Authenticator) -> None:
    forged = Authenticator(credential_id=phone.credential_id, user_handle=phone.user_handle)
    fresh = another_browser(app)
    assert sign_in(fresh, forged.show(options(fresh))).status_code == 422


def test_somebody_elses_passkey_is_no_second_step(app: Flask, ana: Person, phone: Authenticator) -> None:
    ben = a_patient(given_name="Ben")
    bens, tablet = another_browser(app), Authenticator()
    bens.sign_in(ben.user_id)
    steps.add_passkey(bens, tablet)
    fresh = another_browser(app)
    steps.password(fresh, ana)
    asked = options(fresh, "/second-factor/passkey")
    answer = fresh.submit("/second-factor", {"way": "passkey", "credential": tablet.show(asked)})
    assert answer.status_code == 422
    asked = options(fresh, "/second-factor/passkey")
    tablet.user_handle = phone.user_handle
    assert fresh.submit("/second-factor", {"way": "passkey", "credential": tablet.show(asked)}).status_code == 422


@pytest.mark.parametrize(
    "credential",
    [
        "",
        "{}",
        "[]",
        "null",
        "not json",
        '{"id": "x", "rawId": "x", "type": "public-key", "response": {}}',
        "9" * 70_000,
    ],
)
def test_odd_answers_are_a_kind_no(client: Browser, ana: Person, credential: str) -> None:
    options(client, "/settings/second-step/passkeys/ask")
    made = client.submit("/settings/second-step/passkeys/new", {"name": "x", "credential": credential})
    assert made.status_code == 422
    assert "There is a problem" in made.text
    client.submit("/sign-out")
    options(client)
    answer = sign_in(client, credential)
    assert answer.status_code == 422
    assert "There is a problem" in answer.text


@pytest.mark.parametrize("change", [{"origin": "https://evil.example"}, {"host": "evil.example"}, {"flags": 0x01}])
def test_a_passkey_made_elsewhere_or_without_unlocking_is_not_added(
    client: Browser, ana: Person, change: dict[str, Any]
) -> None:
    assert steps.add_passkey(client, Authenticator(**change)).status_code == 422
    assert steps.trail("account.add_passkey")[-1][0] == "refused"
    assert steps.changes(ana) == []


def test_a_passkey_is_added_once_to_one_account(app: Flask, client: Browser, ana: Person, phone: Authenticator) -> None:
    ben = a_patient(given_name="Ben")
    bens = another_browser(app)
    bens.sign_in(ben.user_id)
    assert steps.add_passkey(bens, phone).status_code == 422
    with db.reading() as session:
        assert session.scalars(select(Passkey.user_id)).all() == [ana.user_id]


def test_the_answer_that_made_a_passkey_makes_no_second_one(client: Browser, ana: Person) -> None:
    asked = options(client, "/settings/second-step/passkeys/ask")
    credential = Authenticator().make(asked)
    sent = {"name": "x", "credential": credential}
    assert client.submit("/settings/second-step/passkeys/new", sent).status_code == 303
    assert client.submit("/settings/second-step/passkeys/new", sent).status_code == 422


def test_a_closed_account_is_not_opened_by_its_passkey(
    app: Flask, house: House, ana: Person, phone: Authenticator
) -> None:
    with db.transaction() as session:
        session.get_one(User, ana.user_id).deactivated_at = house.now
    fresh = another_browser(app)
    assert sign_in(fresh, phone.show(options(fresh))).status_code == 422


def test_a_removed_passkey_opens_nothing(app: Flask, client: Browser, ana: Person, phone: Authenticator) -> None:
    with db.reading() as session:
        key_id = session.scalars(select(Passkey.id)).one()
    assert "Remove the passkey" in client.get(f"/settings/second-step/passkeys/{key_id}").text
    assert client.submit(f"/settings/second-step/passkeys/{key_id}", {"name": "Old phone"}).status_code == 303
    assert "Old phone" in client.get("/settings/second-step").text
    assert client.submit(f"/settings/second-step/passkeys/{key_id}/remove").status_code == 303
    assert steps.changes(ana) == ["passkey_added", "passkey_removed"]
    fresh = another_browser(app)
    assert sign_in(fresh, phone.show(options(fresh))).status_code == 422
    assert steps.password(fresh, ana).headers["Location"] == "/second-factor"
    assert "Code from the email" in fresh.get("/second-factor").text


def test_nobody_renames_or_removes_anothers_passkey(app: Flask, ana: Person, phone: Authenticator) -> None:
    with db.reading() as session:
        key_id = session.scalars(select(Passkey.id)).one()
    eve = another_browser(app)
    eve.sign_in(a_patient(given_name="Eve").user_id)
    assert eve.get(f"/settings/second-step/passkeys/{key_id}").status_code == 404
    assert eve.submit(f"/settings/second-step/passkeys/{key_id}", {"name": "mine"}).status_code == 404
    assert eve.submit(f"/settings/second-step/passkeys/{key_id}/remove").status_code == 404


def test_staff_set_up_a_passkey_as_their_first_factor_and_are_in(client: Browser, house: House) -> None:
    sam = a_staff_member("clinician")
    steps.take_factor(sam, set_up_until=wall_now() + timedelta(hours=72))
    steps.password(client, sam)
    assert steps.add_passkey(client, Authenticator()).status_code == 303
    assert client.get("/staff/queue").status_code == 200


NOTHING = {"rpId": "localhost", "challenge": ""}


def test_an_answer_to_no_question_opens_nothing(app: Flask, client: Browser, house: House) -> None:
    ana, phone = a_patient(), Authenticator()
    client.sign_in(ana.user_id)
    assert steps.add_passkey(client, phone).status_code == 303
    stranger = another_browser(app)
    assert stranger.submit("/sign-in/passkey", {"credential": phone.show(NOTHING)}).status_code == 422
    steps.password(stranger, ana)
    shown = {"way": "passkey", "credential": phone.show(NOTHING)}
    assert stranger.submit("/second-factor", shown).status_code == 422
    steps.proved_long_ago(ana.user_id)
    shown = {"way": "passkey", "credential": phone.show(NOTHING)}
    assert client.submit("/prove-it-is-you", shown).status_code == 422
    assert ("refused", "passkey_challenge") in steps.trail("account.sign_in")


def test_a_passkey_made_for_no_question_is_not_kept(client: Browser, house: House) -> None:
    client.sign_in(a_patient().user_id)
    options = json.loads(client.submit("/settings/second-step/passkeys/ask").text)
    credential = Authenticator().make({**options, "challenge": ""})
    client.submit("/settings/second-step/passkeys/new", {"name": "x", "credential": credential})  # takes the question
    answer = client.submit("/settings/second-step/passkeys/new", {"name": "x", "credential": credential})
    assert answer.status_code == 422
    with db.reading() as session:
        assert session.scalars(select(Passkey.id)).all() == []
