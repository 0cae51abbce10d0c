"""Whose address is it? The link proves the address, the password says who of those that typed it."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import Engine, select, update
from sqlalchemy.exc import IntegrityError

from service.accounts import actions, queries, writes
from service.accounts.models import ConfirmationRequest, OneTimeLink, User
from service.kit import db
from service.kit.clock import wall_now
from service.kit.passwords import hash_password
from service.mail.models import OutboxMessage
from tests.accounts.steps import later
from tests.accounts.test_actions import sent_link
from tests.client import Browser
from tests.conftest import House
from tests.factories.accounts import PASSWORD, Person, a_patient
from tests.factories.enrollment import the_worker_looks
from tests.factories.statements import counted

ADDRESS = "ana@example.com"
OTHER = "another long secret"


def claim(house: House, password: str = PASSWORD, email: str = ADDRESS) -> Person:
    """Somebody joins with this address."""
    person = a_patient(email=email, confirmed=False, now=house.now)
    with db.transaction() as session:
        session.get_one(User, person.user_id).password_hash = hash_password(password)
        writes.send_confirmation(session, user_id=person.user_id, now=house.now)
    house.at(house.now + timedelta(minutes=1))
    return person


def mails() -> list[str]:
    with db.reading() as session:
        return list(session.scalars(select(OutboxMessage.template).order_by(OutboxMessage.id)))


def minutes_pass(minutes: int = 2) -> None:
    """The links were mailed longer ago than they were."""
    with db.transaction() as session:
        session.execute(update(OneTimeLink).values(created_at=OneTimeLink.created_at - timedelta(minutes=minutes)))


def owner() -> object:
    with db.reading() as session:
        user = queries.user_by_email(session, ADDRESS)
        return user.id if user else None


def test_before_the_link_the_right_password_is_answered_as_a_wrong_pair(client: Browser, house: House) -> None:
    claim(house)
    sent = [{"email": email, "password": PASSWORD} for email in (ADDRESS, "nobody@example.com")]
    known, unknown = (client.submit("/sign-in", each) for each in sent)
    assert known.status_code == unknown.status_code == 422
    pages = [re.sub(r'name="csrf_token" value="[^"]+"|[a-z]+@example.com', "", page.text) for page in (known, unknown)]
    assert pages[0] == pages[1]
    assert "If you have just joined, open the link we mailed you first." in known.text


def test_confirming_asks_for_the_password_chosen_at_joining(client: Browser, house: House) -> None:
    ana = claim(house)
    path = f"/confirm/{sent_link(ana.user_id)}"
    assert "The password you chose when you joined" in client.get(path).text
    for wrong in ("", OTHER):
        answer = client.submit(path, {"password": wrong})
        assert answer.status_code == 422
        assert "The password you chose when you joined" in answer.text
    assert owner() is None
    client.submit(path, {"password": PASSWORD})
    assert owner() == ana.user_id


def test_guessing_the_password_behind_a_link_must_wait(
    client: Browser, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = f"/confirm/{sent_link(claim(house).user_id)}"
    with later(monkeypatch, seconds=1):  # and the clock stands still
        answers = [client.submit(path, {"password": OTHER}).status_code for _ in range(6)]
    assert answers == [422] * 5 + [429]


def test_a_stranger_who_joined_first_with_my_address_gets_nothing_by_my_click(client: Browser, house: House) -> None:
    stranger = claim(house, OTHER)
    token = sent_link(stranger.user_id)
    assert client.submit(f"/confirm/{token}", {"password": PASSWORD}).status_code == 422
    me = claim(house)
    assert client.submit(f"/confirm/{token}", {"password": PASSWORD}).headers["Location"] == "/sign-in"
    assert owner() == me.user_id, "the link proves the address, the password says whose account"
    assert client.submit("/sign-in", {"email": ADDRESS, "password": OTHER}).status_code == 422
    with db.reading() as session:
        assert session.get_one(User, stranger.user_id).deactivated_at is not None
    assert client.submit("/sign-in", {"email": ADDRESS, "password": PASSWORD}).headers["Location"] == "/home"


def test_after_one_claim_is_proved_no_other_link_works(client: Browser, house: House) -> None:
    first = claim(house)
    token = sent_link(first.user_id)
    minutes_pass()
    second = claim(house, OTHER)
    later = sent_link(second.user_id)
    assert token != later
    client.submit(f"/confirm/{token}", {"password": PASSWORD})
    assert client.get(f"/confirm/{later}").status_code == 410
    assert owner() == first.user_id
    assert client.submit(f"/confirm/{later}", {"password": OTHER}).status_code == 303, "and says it is confirmed"
    assert owner() == first.user_id


def test_an_address_is_mailed_at_most_once_a_minute_and_five_times_a_day(house: House) -> None:
    people = [claim(house) for _ in range(3)]
    assert len(mails()) == 1, "the first link works for all of them"
    for _ in range(10):
        minutes_pass()
        with db.transaction() as session:
            writes.send_confirmation(session, user_id=people[0].user_id, now=house.now)
    assert len(mails()) == 5


@pytest.mark.parametrize("kind", ["waiting", "confirmed", "unknown"])
def test_the_link_is_sent_again_without_telling_who_waits_for_one(client: Browser, house: House, kind: str) -> None:
    if kind == "waiting":
        claim(house)
    elif kind == "confirmed":
        a_patient(email=ADDRESS)
    minutes_pass()
    before = len(mails())
    page = client.submit("/check-your-email", {"email": " Ana@Example.com"}, follow_redirects=True)
    the_worker_looks(house)
    assert "If this address is waiting to be confirmed, an email with a link is on its way." in page.text
    assert len(mails()) - before == (1 if kind == "waiting" else 0)
    client.submit("/check-your-email", {"email": ADDRESS})
    the_worker_looks(house)
    assert len(mails()) - before <= 1, "at most once a minute"


def test_an_address_that_cannot_be_one_is_named(client: Browser, house: House) -> None:
    answer = client.submit("/check-your-email", {"email": "ana"})
    assert answer.status_code == 422
    assert "Enter an email address in the correct format" in answer.text


def test_two_accounts_never_own_one_address(house: House) -> None:
    claim(house)
    with db.transaction() as session:
        a_new_one = writes.create_patient_user(
            session,
            email=ADDRESS,
            password_hash="x",
            given_name="Ana",
            family_name="Rivera",
            locale="en",
            now=house.now,
        )
    assert a_new_one is not None, "until it is proved, anybody may type it"
    with db.transaction() as session:
        session.get_one(User, a_new_one).email_confirmed_at = house.now
    late = claim(house)
    with pytest.raises(IntegrityError), db.transaction() as session:
        session.get_one(User, late.user_id).email_confirmed_at = house.now
    assert owner() == a_new_one


def test_whoever_types_an_address_that_is_owned_is_closed_and_the_owner_hears_of_it_once(house: House) -> None:
    mine = a_patient(email=ADDRESS)
    typed = [a_patient(email=ADDRESS, confirmed=False) for _ in range(2)]
    for _ in typed:
        with db.transaction() as session:
            writes.ask_for_confirmation(session, ADDRESS)
    the_worker_looks(house)
    assert mails() == ["already_registered"]
    with db.reading() as session:
        assert all(session.get_one(User, person.user_id).deactivated_at for person in typed)
        assert session.get_one(User, mine.user_id).deactivated_at is None
        assert session.scalars(select(ConfirmationRequest)).all() == []


def test_the_link_is_asked_for_again_by_the_same_statements_whoever_asks(
    client: Browser, house: House, engine: Engine
) -> None:
    claim(house)
    a_patient(email="known@example.com")
    client.submit("/check-your-email", {"email": "first@example.com"})
    seen = []
    for email in (ADDRESS, "known@example.com", "nobody@example.com"):
        with counted(engine) as statements:
            assert client.submit("/check-your-email", {"email": email}).status_code == 303
        seen.append(statements)
    assert seen[0]
    assert seen == [seen[0]] * 3
    assert not any("users" in one or "one_time_links" in one for one in seen[0]), "the request never looks"


def test_a_link_that_is_too_old_leads_to_a_new_one(client: Browser, house: House) -> None:
    token = sent_link(claim(house).user_id)
    with db.transaction() as session:
        session.execute(update(OneTimeLink).values(expires_at=wall_now()))
    answer = client.submit(f"/confirm/{token}", {"password": PASSWORD})
    assert answer.status_code == 410
    assert 'href="/check-your-email"' in answer.text
    assert not actions.link_is_open(token=token, wall_now=wall_now())
