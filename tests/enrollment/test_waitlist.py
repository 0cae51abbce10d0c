"""Waiting for a state to open: asked, confirmed by mail, left again."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import Engine, select, update

from service.audit.models import AuditEntry
from service.enrollment.actions import waitlist
from service.enrollment.models import WaitlistEntry
from service.kit import crypto, db
from service.mail.models import OutboxMessage
from tests.factories.accounts import a_staff_member
from tests.factories.enrollment import HEALTHY, walk
from tests.factories.statements import counted

if TYPE_CHECKING:
    from werkzeug.test import TestResponse

    from tests.client import Browser
    from tests.conftest import House

ASK = {"email": "Kim@Example.com", "state": "NY"}


def ask(client: Browser, house: House, sent: dict[str, str] = ASK, **options: bool) -> TestResponse:
    """Somebody asks, and the worker looks."""
    answer = client.submit("/waitlist", sent, **options)
    waitlist.mail_waitlist_links(now=house.now)
    return answer


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
    response = ask(client, house)
    assert response.headers["Location"] == "/waitlist/check-your-email"
    assert entries()[0].confirmed_at is None
    assert client.get(link()).status_code == 200
    assert entries()[0].confirmed_at is None, "opening a link changes nothing: scanners open links too"
    page = client.submit(link(), follow_redirects=True)
    assert "You are on the list" in page.text
    assert "New York" in page.text
    assert entries()[0].confirmed_at == house.now


def test_confirming_twice_is_confirming_once(client: Browser, house: House):
    ask(client, house)
    path = link()
    for _ in range(2):
        assert "You are on the list" in client.submit(path, follow_redirects=True).text
    assert [name for name, _ in mails()] == ["waitlist_confirm", "waitlist_joined"]


def test_known_and_unknown_addresses_get_the_same_answer(client: Browser, house: House):
    first = ask(client, house, follow_redirects=True)
    client.submit(link())
    house.at(house.now + timedelta(days=2))
    again = ask(client, house, follow_redirects=True)
    assert again.text == first.text
    assert [name for name, _ in mails()] == ["waitlist_confirm", "waitlist_joined"], "and no second mail"


def test_every_address_makes_the_same_statements(client: Browser, house: House, engine: Engine):
    """Waiting, asked, left and unknown: the request notes, a worker looks."""
    ask(client, house, {**ASK, "email": "left@example.com"})
    client.submit(link())
    client.submit(link())
    ask(client, house)
    client.submit(link())
    ask(client, house, {**ASK, "email": "asked@example.com"})
    seen = []
    for email in (ASK["email"], "left@example.com", "asked@example.com", "nobody@example.com"):
        with counted(engine) as statements:
            answer = client.submit("/waitlist", {**ASK, "email": email})
        assert answer.headers["Location"] == "/waitlist/check-your-email"
        seen.append(statements)
    assert seen[0]
    assert seen == [seen[0]] * 4
    assert not any("outbox" in statement for statement in seen[0])
    with db.reading() as session:
        trail = session.scalars(select(AuditEntry).where(AuditEntry.action == "waitlist.ask")).all()
    assert len(trail) == 7
    assert {entry.subject_id for entry in trail} == {None}


def test_the_mails_come_in_the_language_one_asked_in(client: Browser, house: House):
    ask(client, house)
    client.submit(link())
    with db.reading() as session:
        assert set(session.scalars(select(OutboxMessage.locale))) == {entries()[0].locale} == {"en"}
    assert [job.name for job in house.jobs if "waitlist" in job.name] == ["enrollment.mail_waitlist_links"]


def test_an_address_that_cannot_be_opened_keeps_nobody_behind_it_waiting(client: Browser, house: House):
    client.submit("/waitlist", {**ASK, "email": "first@example.com"})
    with db.transaction() as session:
        session.execute(update(WaitlistEntry).values(email_sealed=b"not what was sealed"))
    house.at(house.now + timedelta(minutes=1))
    ask(client, house)
    assert [name for name, _ in mails()] == ["waitlist_confirm"]
    assert [entry.wanted_at for entry in entries()] == [None, None], "neither is looked at again and again"


def test_asking_twice_sends_one_mail_a_day_and_its_link_works(client: Browser, house: House):
    for _ in range(2):
        ask(client, house)
    assert len(mails()) == 1
    assert "You are on the list" in client.submit(link(), follow_redirects=True).text


def test_a_link_expires_after_three_days_and_one_may_ask_again(client: Browser, house: House):
    ask(client, house)
    old = link()
    house.at(house.now + timedelta(hours=73))
    for response in (client.get(old), client.submit(old)):
        assert response.status_code == 422
        assert "This link has expired" in response.text
    ask(client, house)
    assert link() != old
    assert "You are on the list" in client.submit(link(), follow_redirects=True).text


def test_leaving_takes_one_button(client: Browser, house: House):
    ask(client, house)
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
        ask(client, house, {**ASK, "state": state})
    assert sorted(entry.state for entry in entries()) == ["GA", "NY"]
    assert all(b"kim" not in entry.email_sealed for entry in entries())


def test_one_may_leave_and_come_back_on_the_same_day(client: Browser, house: House):
    ask(client, house)
    confirm = link()
    client.submit(confirm)
    client.submit(link())
    for _ in range(2):
        ask(client, house)
    assert [name for name, _ in mails()] == ["waitlist_confirm", "waitlist_joined", "waitlist_confirm"]
    client.submit(link())
    assert (entries()[0].confirmed_at, entries()[0].left_at) == (house.now, None)


def test_confirming_after_leaving_is_coming_back(client: Browser, house: House):
    ask(client, house)
    confirm = link()
    client.submit(confirm)
    client.submit(link())
    assert "You are on the list" in client.submit(confirm, follow_redirects=True).text
    assert entries()[0].left_at is None


def test_a_program_that_is_off_where_one_lives_is_waited_for_from_the_page_that_says_no(client: Browser, house: House):
    page = walk(client, {**HEALTHY, "condition": ["chronic_pain"]})
    if "/assessment/check" in page.text:
        page = client.submit("/assessment/check", follow_redirects=True)
    assert 'name="state" value="FL/chronic_pain"' in page.text
    ask(client, house, {"email": "kim@example.com", "state": "FL/chronic_pain"})
    assert (entries()[0].state, entries()[0].program) == ("FL", "chronic_pain")
    client.submit(link())
    for _name, facts in mails():
        assert "pain" not in str(facts), "the mails name a state alone"


def test_the_list_offers_what_is_closed_and_nothing_that_is_open(client: Browser):
    page = client.get("/waitlist").text
    assert '<option value="NY">New York</option>' in page
    assert '<option value="FL/chronic_pain">Florida: Chronic pain program</option>' in page
    for open_here in ('value="FL"', 'value="NJ"', 'value="FL/depression"', 'value="NJ/chronic_pain"'):
        assert open_here not in page


@pytest.mark.parametrize("state", ["FL/", "/", "FL/chronic_pain/x", "NY/chronic_pain", "fl", "F" * 9000, "\u202eYN"])
def test_a_place_that_nobody_offered_is_refused(client: Browser, house: House, state: str):
    assert client.submit("/waitlist", {**ASK, "state": state}).status_code == 422
    assert entries() == []


@pytest.mark.parametrize(
    ("role", "status"), [("owner", 200), ("coordinator", 200), ("clinician", 403), ("billing", 403)]
)
def test_staff_see_how_many_wait_and_never_who(client: Browser, house: House, role: str, status: int):
    for name in ("a", "b"):
        ask(client, house, {"email": f"{name}@example.com", "state": "NY"})
    client.submit(link())
    ask(client, house, {"email": "c@example.com", "state": "FL/chronic_pain"})
    client.sign_in(a_staff_member(role).user_id)
    page = client.get("/staff/waitlist")
    assert page.status_code == status
    if status == 200:
        text = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.text))
        assert "New York The whole state 1 1 0 0" in text
        assert "Florida Chronic pain program 0 1 0 0" in text
        assert "example.com" not in re.sub(r"hello@\S+", "", page.text)
