"""Waiting for a state to open: asked, confirmed by mail, left again."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from service.enrollment.models import WaitlistEntry
from service.kit import crypto, db
from service.mail.models import OutboxMessage

if TYPE_CHECKING:
    from tests.client import Browser
    from tests.conftest import House

ASK = {"email": "Kim@Example.com", "state": "NY"}


def entries() -> list[WaitlistEntry]:
    with db.reading() as session:
        return list(session.scalars(select(WaitlistEntry)))


def mails() -> list[tuple[str, dict[str, Any]]]:
    with db.reading() as session:
        rows = session.scalars(select(OutboxMessage).order_by(OutboxMessage.id))
        return [(row.template, crypto.unseal_json(row.facts_sealed, "outbox", "facts", row.id)) for row in rows]


def link() -> str:
    return str(mails()[-1][1]["path"])


def test_an_address_is_on_the_list_only_after_its_owner_pressed_the_button(client: Browser, house: House):
    response = client.submit("/waitlist", ASK)
    assert response.headers["Location"] == "/waitlist/check-your-email"
    assert entries()[0].confirmed_at is None
    assert client.get(link()).status_code == 200
    assert entries()[0].confirmed_at is None, "opening a link changes nothing: scanners open links too"
    page = client.submit(link(), follow_redirects=True)
    assert "You are on the list" in page.text
    assert "New York" in page.text
    assert entries()[0].confirmed_at == house.now


def test_confirming_twice_is_confirming_once(client: Browser, house: House):
    client.submit("/waitlist", ASK)
    path = link()
    for _ in range(2):
        assert "You are on the list" in client.submit(path, follow_redirects=True).text
    assert [name for name, _ in mails()] == ["waitlist_confirm", "waitlist_joined"]


def test_known_and_unknown_addresses_get_the_same_answer(client: Browser, house: House):
    first = client.submit("/waitlist", ASK, follow_redirects=True)
    client.submit(link())
    house.at(house.now + timedelta(days=2))
    again = client.submit("/waitlist", ASK, follow_redirects=True)
    assert again.text == first.text
    assert [name for name, _ in mails()] == ["waitlist_confirm", "waitlist_joined"], "and no second mail"


def test_asking_twice_sends_one_mail_a_day_and_its_link_works(client: Browser, house: House):
    for _ in range(2):
        client.submit("/waitlist", ASK)
    assert len(mails()) == 1
    assert "You are on the list" in client.submit(link(), follow_redirects=True).text


def test_a_link_expires_after_three_days_and_one_may_ask_again(client: Browser, house: House):
    client.submit("/waitlist", ASK)
    old = link()
    house.at(house.now + timedelta(hours=73))
    for response in (client.get(old), client.submit(old)):
        assert response.status_code == 422
        assert "This link has expired" in response.text
    client.submit("/waitlist", ASK)
    assert link() != old
    assert "You are on the list" in client.submit(link(), follow_redirects=True).text


def test_leaving_takes_one_button(client: Browser, house: House):
    client.submit("/waitlist", ASK)
    client.submit(link())
    leave = link()
    assert leave.startswith("/waitlist/leave/")
    assert "Leave the list" in client.get(leave).text
    assert entries()[0].left_at is None
    assert "You have left the list" in client.submit(leave, follow_redirects=True).text
    assert entries()[0].left_at == house.now


def test_a_state_where_we_are_open_is_not_waited_for(client: Browser, house: House):
    response = client.submit("/waitlist", {**ASK, "state": "FL"})
    assert response.status_code == 422
    assert "Choose the state you live in" in response.text
    assert entries() == []


def test_an_address_that_is_none_is_named(client: Browser, house: House):
    response = client.submit("/waitlist", {**ASK, "email": "kim"})
    assert response.status_code == 422
    assert "Enter an email address in the correct format" in response.text


def test_the_address_is_sealed_and_kept_once_for_each_state(client: Browser, house: House):
    for state in ("NY", "NY", "GA"):
        client.submit("/waitlist", {**ASK, "state": state})
    assert sorted(entry.state for entry in entries()) == ["GA", "NY"]
    assert all(b"kim" not in entry.email_sealed for entry in entries())


def test_one_may_leave_and_come_back_on_the_same_day(client: Browser, house: House):
    client.submit("/waitlist", ASK)
    confirm = link()
    client.submit(confirm)
    client.submit(link())
    for _ in range(2):
        client.submit("/waitlist", ASK)
    assert [name for name, _ in mails()] == ["waitlist_confirm", "waitlist_joined", "waitlist_confirm"]
    client.submit(link())
    assert (entries()[0].confirmed_at, entries()[0].left_at) == (house.now, None)


def test_confirming_after_leaving_is_coming_back(client: Browser, house: House):
    client.submit("/waitlist", ASK)
    confirm = link()
    client.submit(confirm)
    client.submit(link())
    assert "You are on the list" in client.submit(confirm, follow_redirects=True).text
    assert entries()[0].left_at is None
