"""The second step of signing in: on a new device, with whatever the person has."""

from __future__ import annotations

import re
from datetime import timedelta
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import select, update

from service.accounts.models import KnownDevice, SignIn
from service.kit import crypto, db
from service.kit.clock import wall_now
from tests.accounts import steps
from tests.client import Browser
from tests.conftest import House
from tests.factories.accounts import PASSWORD, Person, a_patient, a_staff_member


def another_browser(app: Flask) -> Browser:
    client = app.test_client()
    assert isinstance(client, Browser)
    return client


def halfway(client: Browser, **options: bool) -> Person:
    """A patient in a browser nobody knows, after the password."""
    ana = a_patient(**options)
    answer = steps.password(client, ana)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/second-factor")
    return ana


def test_on_a_new_device_a_patient_shows_the_mailed_code_and_then_stands_at_home(client: Browser, house: House) -> None:
    ana = halfway(client)
    assert client.get("/home").headers["Location"] == "/second-factor?next=/home"
    assert "Code from the email" in client.get("/second-factor").text
    answer = client.submit("/second-factor", {"code": steps.mailed_code(ana), "remember": "y"})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/home")
    assert "Ana" in client.get("/home").text
    assert steps.trail("account.second_factor") == [("done", "mail")]


def test_every_door_of_a_patient_is_shut_before_the_second_step(app: Flask, client: Browser, house: House) -> None:
    from service.kit import access

    halfway(client)
    open_doors = []
    for rule in app.url_map.iter_rules():
        door = access.door_of(app.view_functions[rule.endpoint])
        if door is None or door.kind in ("public", "machine") or rule.arguments:
            continue
        answer = client.get(rule.rule) if "GET" in (rule.methods or ()) else client.submit(rule.rule)
        if not answer.headers.get("Location", "").startswith("/second-factor") and answer.status_code != 401:
            open_doors.append((rule.rule, answer.status_code))
    assert open_doors == []


def test_a_call_for_help_before_the_second_step_is_met_with_help(client: Browser, house: House) -> None:
    halfway(client)
    answer = client.submit(f"/check-ins/{UUID(int=1)}/1", {"answer": "3"})
    assert answer.status_code == 401
    assert "988" in answer.text
    assert "nobody has seen it" in answer.text


def test_the_token_changes_with_the_second_step(client: Browser, house: House) -> None:
    ana = halfway(client)
    with client.session_transaction(base_url="https://localhost") as session:
        before = session["_user_id"]
    client.submit("/second-factor", {"code": steps.mailed_code(ana)})
    with client.session_transaction(base_url="https://localhost") as session:
        after = session["_user_id"]
        session["_user_id"] = before
    assert after != before
    assert client.get("/home").headers["Location"].startswith("/sign-in"), "the first token is nobody's now"


def test_a_code_is_for_the_sign_in_that_asked(app: Flask, client: Browser, house: House) -> None:
    ana = halfway(client)
    code = steps.mailed_code(ana)
    stranger = another_browser(app)
    steps.password(stranger, ana)
    assert stranger.submit("/second-factor", {"code": code}).status_code == 422
    assert client.submit("/second-factor", {"code": code}).status_code == 303


def test_a_mailed_code_works_once(client: Browser, house: House) -> None:
    ana = halfway(client)
    code = steps.mailed_code(ana)
    assert client.submit("/second-factor", {"code": f" {code[:4]}-{code[4:]} "}).status_code == 303
    with db.transaction() as session:  # as if the step had not been taken
        session.execute(update(SignIn).values(second_factor_at=None, device_id=None))
    assert client.submit("/second-factor", {"code": code}).status_code == 422


@pytest.mark.parametrize(("seconds", "status"), [(570, 303), (601, 422)])
def test_a_mailed_code_lives_ten_minutes(
    client: Browser, house: House, monkeypatch: pytest.MonkeyPatch, seconds: int, status: int
) -> None:
    ana = halfway(client)
    with steps.later(monkeypatch, seconds=seconds):
        answer = client.submit("/second-factor", {"code": steps.mailed_code(ana)})
    assert answer.status_code == status
    assert ("older than 10 minutes" in answer.text) is (status == 422)


def test_a_new_code_leaves_once_a_minute_and_replaces_the_one_before(client: Browser, house: House) -> None:
    ana = halfway(client)
    first = steps.mailed_code(ana)
    client.submit("/second-factor/code")
    assert "No new code was mailed" in client.get("/second-factor").text
    assert len(steps.mails(ana.user_id, "sign_in_code")) == 1
    steps.a_minute_later(ana.user_id)
    client.submit("/second-factor/code")
    assert "Only the newest one works" in client.get("/second-factor").text
    assert client.submit("/second-factor", {"code": first}).status_code == 422
    assert client.submit("/second-factor", {"code": steps.mailed_code(ana)}).status_code == 303


def test_guessing_codes_makes_one_wait_and_a_new_sign_in_does_not_help(
    app: Flask, client: Browser, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    ana = halfway(client)
    with steps.later(monkeypatch, seconds=1):  # and the clock stands still
        statuses = [client.submit("/second-factor", {"code": f"0000000{n}"}).status_code for n in range(6)]
        assert statuses == [422] * 5 + [429]
        again = another_browser(app)
        steps.password(again, ana)
        assert again.submit("/second-factor", {"code": "00000009"}).status_code == 429
    assert steps.trail("account.second_factor") == [("refused", "mail")] * 5


def test_whoever_waits_for_a_strangers_guesses_is_told_what_that_means(
    app: Flask, client: Browser, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The stranger knows the password, or would not have come this far."""
    ana = halfway(client)
    stranger = another_browser(app)
    steps.password(stranger, ana)
    with steps.later(monkeypatch, seconds=1):
        for number in range(6):
            stranger.submit("/second-factor", {"code": f"0000000{number}"})
        answer = client.submit("/second-factor", {"code": steps.mailed_code(ana)})
    assert answer.status_code == 429
    assert "somebody may know your password" in answer.text
    assert 'href="/forgot-password"' in answer.text
    assert "somebody may know your password" not in client.get("/second-factor").text
    assert len(steps.mails(ana.user_id, "codes_tried")) == 1


def test_a_known_device_asks_for_nothing_more_and_a_new_one_brings_a_mail(
    app: Flask, client: Browser, house: House
) -> None:
    ana = halfway(client)
    client.submit("/second-factor", {"code": steps.mailed_code(ana), "remember": "y"})
    assert "Eastern" in str(steps.mails(ana.user_id, "new_sign_in")[0]["when"]), "in her own time"
    assert len(steps.mails(ana.user_id, "new_sign_in")) == 1
    client.submit("/sign-out")
    assert steps.password(client, ana).headers["Location"] == "/home"
    assert client.get("/home").status_code == 200
    assert len(steps.mails(ana.user_id, "new_sign_in")) == 1, "it is not new any more"
    assert steps.password(another_browser(app), ana).headers["Location"] == "/second-factor"


def test_a_device_is_known_only_where_its_owner_says_so(client: Browser, house: House) -> None:
    halfway(client)
    (box,) = re.findall(r"<input[^>]*name=\"remember\"[^>]*>", client.get("/second-factor").text)
    assert "checked" not in box


def test_a_device_that_others_use_is_asked_again_but_is_not_new(client: Browser, house: House) -> None:
    ana = halfway(client)
    client.submit("/second-factor", {"code": steps.mailed_code(ana)})
    client.submit("/sign-out")
    steps.a_minute_later(ana.user_id)
    assert steps.password(client, ana).headers["Location"] == "/second-factor"
    client.submit("/second-factor", {"code": steps.mailed_code(ana)})
    assert len(steps.mails(ana.user_id, "new_sign_in")) == 1


def test_the_cookie_of_a_known_device_is_as_safe_as_it_can_be(client: Browser, house: House) -> None:
    ana = halfway(client)
    answer = client.submit("/second-factor", {"code": steps.mailed_code(ana), "remember": "y"})
    (cookie,) = [line for line in answer.headers.getlist("Set-Cookie") if line.startswith("__Host-homeward-device=")]
    for flag in ("Secure", "HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=34560000"):
        assert flag in cookie
    with db.reading() as session:
        stored = session.scalars(select(KnownDevice.token_hash)).one()
    assert stored.hex() not in cookie


def test_one_persons_device_says_nothing_about_another_person(client: Browser, house: House) -> None:
    ana, ben = a_patient(), a_patient(given_name="Ben")
    client.become_known(ana.user_id)
    assert steps.password(client, ben).headers["Location"] == "/second-factor"
    client.submit("/second-factor", {"code": steps.mailed_code(ben), "remember": "y"})
    client.submit("/sign-out")
    for person in (ana, ben):
        assert steps.password(client, person).headers["Location"] == "/home", "a browser may know two people"
        client.submit("/sign-out")


@pytest.mark.parametrize("change", [{"forgotten_at": wall_now()}, {"seen_at": wall_now() - timedelta(days=401)}])
def test_a_forgotten_or_very_old_device_is_new_again(client: Browser, house: House, change: dict[str, object]) -> None:
    ana = a_patient()
    client.become_known(ana.user_id)
    with db.transaction() as session:
        session.execute(update(KnownDevice).values(**change))
    assert steps.password(client, ana).headers["Location"] == "/second-factor"


def test_a_made_up_device_is_no_device(client: Browser, house: House) -> None:
    ana = a_patient()
    for cookie in ("x" * 43, "." * 3000, "a.b.c", "é", ".".join(["y" * 43] * 80)):
        client.set_cookie("__Host-homeward-device", cookie, domain="localhost", secure=True)
        assert steps.password(client, ana).headers["Location"] == "/second-factor"


def test_confirming_the_address_proves_the_device_too(client: Browser, house: House) -> None:
    from service.accounts import writes
    from tests.accounts.test_actions import sent_link

    ana = a_patient(confirmed=False)
    with db.transaction() as session:
        writes.send_confirmation(session, user_id=ana.user_id, now=house.now)
    client.submit(f"/confirm/{sent_link(ana.user_id)}", {"password": PASSWORD})
    assert steps.password(client, ana).headers["Location"] == "/home"
    assert steps.mails(ana.user_id, "sign_in_code") == []
    assert steps.mails(ana.user_id, "new_sign_in") == []
    assert client.get("/settings/second-step/app").status_code == 200, "the first time it is a fresh proof as well"
    client.submit("/sign-out")
    steps.password(client, ana)
    assert client.get("/settings/second-step/app").status_code == 303, "and only the first time"


def test_whoever_has_a_second_step_of_their_own_is_mailed_no_code(client: Browser, house: House) -> None:
    ana = a_patient()
    totp = steps.give_totp(ana)
    steps.password(client, ana)
    assert "Code from your authenticator app" in client.get("/second-factor").text
    client.submit("/second-factor/code")
    assert steps.mails(ana.user_id, "sign_in_code") == []
    answer = client.submit("/second-factor", {"code": totp.at(wall_now()), "remember": "y"})
    assert answer.headers["Location"] == "/home"


def test_a_code_that_was_mailed_before_an_app_was_added_is_no_way_around_it(client: Browser, house: House) -> None:
    ana = halfway(client)
    code = steps.mailed_code(ana)
    steps.give_totp(ana)
    assert client.submit("/second-factor", {"code": code, "way": "mail"}).status_code == 422
    assert client.get("/home").status_code == 303


def test_staff_are_never_mailed_a_code_and_show_a_factor_on_a_known_device_too(client: Browser, house: House) -> None:
    sam = a_staff_member()
    client.become_known(sam.user_id)
    assert steps.password(client, sam).headers["Location"] == "/second-factor"
    client.submit("/second-factor/code")
    assert steps.mails(sam.user_id, "sign_in_code") == []
    assert client.submit("/second-factor", {"code": "12345678", "way": "mail"}).status_code == 422


def test_a_link_to_a_check_in_leads_there_through_the_second_step(client: Browser, house: House) -> None:
    ana = a_patient(asked=False)
    answer = steps.password(client, ana, next="/check-ins")
    assert answer.headers["Location"] == "/second-factor?next=/check-ins"
    code = {"code": steps.mailed_code(ana), "next": "/check-ins"}
    assert client.submit("/second-factor", code).headers["Location"] == "/check-ins"


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example", "/\\evil.example"])
def test_the_second_step_leads_to_no_other_site(client: Browser, house: House, target: str) -> None:
    ana = halfway(client)
    assert "evil" not in client.get("/second-factor", query_string={"next": target}).text
    answer = client.submit("/second-factor", {"code": steps.mailed_code(ana), "next": target})
    assert answer.headers["Location"] == "/home"


def test_signing_in_again_ends_the_sign_in_it_replaces(client: Browser, house: House) -> None:
    ana = a_patient()
    old = client.sign_in(ana.user_id)
    steps.password(client, ana)
    with db.reading() as session:
        assert session.get_one(SignIn, old).revoked_at is not None


def test_where_and_with_what_somebody_signed_in_is_kept_sealed(client: Browser, house: House) -> None:
    ana = a_patient()
    client.submit(
        "/sign-in",
        {"email": ana.email, "password": PASSWORD},
        headers={"Referer": "https://localhost/", "User-Agent": "A browser"},
    )
    with db.reading() as session:
        row = session.scalars(select(SignIn).where(SignIn.user_id == ana.user_id)).one()
    assert row.agent_sealed is not None
    assert row.address_sealed is not None
    assert crypto.unseal(row.agent_sealed, "sign_ins", "agent", row.id) == "A browser"
    assert crypto.unseal(row.address_sealed, "sign_ins", "address", row.id) == "127.0.0.1"


def test_the_offer_stands_once_after_signing_in_and_walls_nothing_off(client: Browser, house: House) -> None:
    ana = a_patient(asked=False)
    client.become_known(ana.user_id)
    assert steps.password(client, ana).headers["Location"] == "/settings/second-step/start"
    page = client.get("/settings/second-step/start")
    assert "Not now" in page.text
    for path in ("/home", "/check-ins", "/billing"):
        assert client.get(path).status_code == 200, "every page is open beside it"
    assert client.submit("/settings/second-step/not-now").headers["Location"] == "/home"
    client.submit("/sign-out")
    assert steps.password(client, ana).headers["Location"] == "/home"
    assert steps.trail("account.decline_second_step") == [("done", None)]
