"""Staff without a second step: who may add the first one, and with what in hand."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from service.accounts.actions import recovery, team
from service.accounts.models import OneTimeLink, SignIn, User
from service.kit import db
from service.kit.actor import Actor
from service.kit.clock import wall_now
from tests.accounts import steps
from tests.accounts.authenticator import Authenticator
from tests.accounts.test_second_step import another_browser
from tests.client import Browser
from tests.conftest import House
from tests.factories.accounts import Person, a_staff_member

START = "/settings/second-step/start"
WHY = "lost_device"
NEW_PASSWORD = "seven quiet herons walk"


def reset(sam: Person, house: House) -> str:
    """An owner removes the second step. The code to hand over."""
    boss = Actor("staff", a_staff_member("owner").user_id, "owner")
    return team.reset_factor(user_id=sam.user_id, reason=WHY, actor=boss, now=house.now, wall_now=wall_now())


def is_in(client: Browser) -> bool:
    return client.get("/staff/queue").status_code == 200


def test_a_password_alone_adds_no_second_step_after_a_reset(client: Browser, house: House) -> None:
    sam = a_staff_member("clinician")
    reset(sam, house)
    assert steps.password(client, sam).headers["Location"] == START
    assert "Code that the owner gave you" in client.get(START).text
    for page in ("/settings/second-step/app", "/settings/second-step/passkeys/new"):
        assert client.get(page).headers["Location"].startswith(START)
    assert client.submit("/settings/second-step/app/begin").status_code == 403
    assert client.submit("/settings/second-step/app", {"code": "000000"}).status_code == 403
    assert steps.add_passkey(client, Authenticator()).status_code == 403
    assert not is_in(client)


def test_nor_does_the_mailbox_however_late(client: Browser, house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    sam = a_staff_member("clinician")
    reset(sam, house)
    with steps.later(monkeypatch, days=200):
        at = wall_now() + timedelta(days=200)
        recovery.ask_reset(email=sam.email, actor=Actor("visitor", address="198.51.100.9"), wall_now=at)
        recovery.mail_reset_links(now=house.now, wall_now=at)
        path = str(steps.mails(sam.user_id, "reset_password")[-1]["path"])
        assert client.submit(path, {"new": NEW_PASSWORD}).status_code == 303
        client.submit("/sign-in", {"email": sam.email, "password": NEW_PASSWORD})
        assert client.submit("/settings/second-step/app/begin").status_code == 403
        assert not is_in(client)


@pytest.mark.parametrize("way", ["app", "passkey"])
def test_the_code_that_was_handed_over_opens_the_way_once(client: Browser, house: House, way: str) -> None:
    sam = a_staff_member("clinician")
    code = reset(sam, house)
    steps.password(client, sam)
    answer = client.submit(START, {"code": f" {code.upper().replace('-', ' ')} "})
    assert (answer.status_code, answer.headers["Location"]) == (303, START)
    assert "Set up an app" in client.get(START).text
    if way == "app":
        steps.set_up_app(client)
    else:
        assert steps.add_passkey(client, Authenticator()).status_code == 303
    assert is_in(client)
    assert steps.trail("account.show_set_up_code") == [("done", None)]
    with db.reading() as session:
        assert session.scalars(select(OneTimeLink.used_at).where(OneTimeLink.user_id == sam.user_id)).one() is not None


def test_a_left_sign_in_may_show_the_code_again_while_nothing_was_added(client: Browser, house: House) -> None:
    sam = a_staff_member("clinician")
    code = reset(sam, house)
    for _ in range(2):
        steps.password(client, sam)
        assert client.submit(START, {"code": code}).status_code == 303
        client.submit("/sign-out")
    assert steps.password(client, sam).headers["Location"] == START
    assert client.get("/settings/second-step/app").status_code == 303, "another sign-in shows it for itself"


@pytest.mark.parametrize(("hours", "status"), [(71.9, 303), (72.1, 422)])
def test_the_code_lives_72_hours(
    client: Browser, house: House, monkeypatch: pytest.MonkeyPatch, hours: float, status: int
) -> None:
    sam = a_staff_member("clinician")
    code = reset(sam, house)
    with steps.later(monkeypatch, hours=hours):
        steps.password(client, sam)
        assert client.submit(START, {"code": code}).status_code == status


def test_anothers_code_an_older_code_and_guesses_open_nothing(client: Browser, house: House) -> None:
    sam, kim = a_staff_member("clinician"), a_staff_member("clinician")
    older, others = reset(sam, house), reset(kim, house)
    reset(sam, house)
    steps.password(client, sam)
    tries = [older, others, "", "é" * 30, "00000-00000", "11111-11111", "22222-22222"]
    statuses = [client.submit(START, {"code": code}).status_code for code in tries]
    assert statuses == [422] * 6 + [429]
    assert not is_in(client)
    with db.reading() as session:
        assert session.scalars(select(SignIn.may_set_up_at).where(SignIn.user_id == sam.user_id)).all() == [None]


def test_the_code_is_no_second_step_for_whoever_has_one(client: Browser, house: House) -> None:
    sam = a_staff_member("clinician")
    code = reset(sam, house)
    steps.password(client, sam)
    client.submit(START, {"code": code})
    steps.set_up_app(client)
    thief = another_browser(client.application)
    assert steps.password(thief, sam).headers["Location"] == "/second-factor"
    assert thief.submit(START, {"code": code}).headers["Location"] == "/second-factor"
    assert thief.submit("/second-factor", {"code": code, "way": "recovery"}).status_code == 422


def test_closing_an_account_ends_its_code(client: Browser, house: House) -> None:
    sam = a_staff_member("clinician")
    code = reset(sam, house)
    boss = Actor("staff", a_staff_member("owner").user_id, "owner")
    team.deactivate(user_id=sam.user_id, reason=WHY, actor=boss, now=house.now, wall_now=wall_now())
    team.reactivate(user_id=sam.user_id, reason=WHY, actor=boss, now=house.now)
    steps.password(client, sam)
    assert client.submit(START, {"code": code}).status_code == 422


def test_the_owner_sees_the_code_this_once_and_it_is_kept_nowhere(client: Browser, house: House) -> None:
    sam = a_staff_member("clinician")
    client.sign_in(a_staff_member("owner").user_id)
    page = client.submit(f"/staff/team/{sam.user_id}/reset-factor", {"reason": WHY})
    (code,) = re.findall(r"<code>([0-9a-z]{5}-[0-9a-z]{5})</code>", page.text)
    assert page.headers["Cache-Control"] == "no-store"
    assert code not in client.get(f"/staff/team/{sam.user_id}").text
    with db.reading() as session:
        kept = session.scalars(select(OneTimeLink).where(OneTimeLink.user_id == sam.user_id)).one()
    assert code.encode() not in kept.token_hash
    assert kept.detail_sealed is None
    theirs = another_browser(client.application)
    steps.password(theirs, sam)
    assert theirs.submit(START, {"code": code}).status_code == 303


def test_a_mailbox_ends_what_an_invitation_allowed(client: Browser, house: House) -> None:
    sam = a_staff_member("clinician")
    steps.take_factor(sam, set_up_until=wall_now() + timedelta(hours=72))
    assert steps.password(client, sam).headers["Location"] == START
    assert client.get("/settings/second-step/app").status_code == 200, "the invitation said who it is"
    recovery.ask_reset(email=sam.email, actor=Actor("visitor", address="198.51.100.9"), wall_now=wall_now())
    recovery.mail_reset_links(now=house.now, wall_now=wall_now())
    client.submit(str(steps.mails(sam.user_id, "reset_password")[-1]["path"]), {"new": NEW_PASSWORD})
    client.submit("/sign-in", {"email": sam.email, "password": NEW_PASSWORD})
    assert client.submit("/settings/second-step/app/begin").status_code == 403


def test_72_hours_after_an_invitation_was_accepted_it_takes_a_reset(
    client: Browser, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    sam = a_staff_member("clinician")
    steps.take_factor(sam, set_up_until=wall_now() + timedelta(hours=72))
    with steps.later(monkeypatch, hours=73):
        steps.password(client, sam)
        assert client.submit("/settings/second-step/app/begin").status_code == 403


def test_adding_the_first_one_ends_what_an_invitation_allowed(client: Browser, house: House) -> None:
    sam = a_staff_member("clinician")
    steps.take_factor(sam, set_up_until=wall_now() + timedelta(hours=72))
    steps.password(client, sam)
    steps.set_up_app(client)
    with db.reading() as session:
        assert session.get_one(User, sam.user_id).set_up_until is None
