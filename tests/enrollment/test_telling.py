"""A state or a program opens: everybody who waits for it hears once, whatever happens on the way."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select, update

from service.catalog.rules.whole import Catalog
from service.enrollment.actions import tell, waitlist
from service.enrollment.models import WaitlistEntry
from service.kit import crypto, db
from service.kit.clock import wall_now
from service.kit.errors import Rejected
from service.kit.ids import token_hash
from service.mail.models import OutboxMessage
from service.privacy.actions import retain
from service.reminders.queries.wanted import still_wanted
from tests.accounts.letters import link, mails
from tests.client import Browser
from tests.conftest import House
from tests.factories.at_once import at_once
from tests.factories.enrollment import VISITOR
from tests.factories.opening import closed, opens_on, program_opens_on, ruled

OPENS = date(2026, 12, 1)
EVE, MORNING = datetime(2026, 12, 1, 3, tzinfo=UTC), datetime(2026, 12, 1, 13, 30, tzinfo=UTC)  # 10 PM; 8:30 AM


def wait(house: House, email: str, catalog: Catalog, *, state: str = "NJ", program: str = "") -> str:
    """Somebody waits, and has confirmed it. Returns the secret of the link that confirmed it."""
    waitlist.ask(email=email, state=state, program=program, locale="en", catalog=catalog, actor=VISITOR, now=house.now)
    waitlist.mail_waitlist_links(now=house.now)
    token = link("waitlist_confirm").rsplit("/", 1)[1]
    waitlist.confirm(token=token, actor=VISITOR, now=house.now)
    return token


def told() -> list[str]:
    """The addresses that heard."""
    return [address for _name, _user, address, _facts in mails("waitlist_opened")]


def entries() -> list[WaitlistEntry]:
    with db.reading() as session:
        return list(session.scalars(select(WaitlistEntry).order_by(WaitlistEntry.id)))


@pytest.fixture
def soon(house: House) -> Catalog:
    """New Jersey is closed, and opens on a day to come."""
    return opens_on(house.catalog, "NJ", OPENS)


def test_on_the_day_by_its_rule_those_who_confirmed_hear_in_the_morning(house: House, soon: Catalog):
    wait(house, "kim@example.com", soon)
    for moment in (
        house.now,
        EVE,
        EVE + timedelta(hours=2, minutes=30),
    ):  # before; the evening before; at half past midnight
        assert tell.tell_waiting(catalog=soon, now=moment) == 0
    assert tell.tell_waiting(catalog=soon, now=MORNING) == 1
    assert told() == ["kim@example.com"]
    assert entries()[0].told_at == MORNING


def test_nobody_is_told_twice(house: House, soon: Catalog):
    """Swept again, closed and opened again, and long after."""
    wait(house, "kim@example.com", soon)
    shut_and_open = ruled(soon, "NJ", "open", (OPENS, OPENS, True), (OPENS + timedelta(days=9), None, True))
    days = [timedelta(days=n) for n in (0, 0, 1, 9, 10, 400)]
    assert [tell.tell_waiting(catalog=shut_and_open, now=MORNING + later) for later in days] == [1, 0, 0, 0, 0, 0]
    assert told() == ["kim@example.com"]


def test_who_did_not_confirm_or_has_left_hears_nothing(house: House, soon: Catalog):
    gone = wait(house, "gone@example.com", soon)
    waitlist.leave(token=gone, actor=VISITOR, now=house.now)
    waitlist.ask(email="never@example.com", state="NJ", locale="en", catalog=soon, actor=VISITOR, now=house.now)
    waitlist.mail_waitlist_links(now=house.now)
    assert tell.tell_waiting(catalog=soon, now=MORNING) == 0
    assert told() == []


def test_who_leaves_before_the_mail_goes_out_gets_none(house: House, soon: Catalog):
    token = wait(house, "kim@example.com", soon)
    tell.tell_waiting(catalog=soon, now=MORNING)
    with db.reading() as session:
        queued = session.scalars(select(OutboxMessage).where(OutboxMessage.template == "waitlist_opened")).one()
        kind, _, subject = (queued.wanted_while or "").partition(":")
        assert (kind, subject) == ("waitlist_open", str(entries()[0].id))
        assert still_wanted(session, kind, entries()[0].id)
    waitlist.leave(token=token, actor=VISITOR, now=MORNING)
    with db.reading() as session:
        assert not still_wanted(session, kind, entries()[0].id)
    assert queued.send_before == MORNING + timedelta(days=7)


def test_a_program_that_opens_is_told_to_those_who_wait_for_it_alone(house: House):
    later = program_opens_on(house.catalog, "FL", "chronic_pain", OPENS)
    wait(house, "back@example.com", later, state="FL", program="chronic_pain")
    wait(house, "york@example.com", later, state="NY")
    assert tell.tell_waiting(catalog=later, now=MORNING - timedelta(days=1)) == 0
    assert tell.tell_waiting(catalog=later, now=MORNING) == 1
    assert told() == ["back@example.com"]
    ((_name, _user, _address, facts),) = mails("waitlist_opened")
    assert "pain" not in str(facts), "the mail says which state, and no more"


def test_a_program_in_a_state_that_is_closed_is_not_open(house: House):
    later = program_opens_on(house.catalog, "FL", "chronic_pain", OPENS)
    wait(house, "back@example.com", later, state="FL", program="chronic_pain")
    assert tell.tell_waiting(catalog=closed(later, "FL"), now=MORNING) == 0


@pytest.mark.parametrize(
    ("state", "program"),
    [("FL", ""), ("FL", "depression"), ("FL", "no_such"), ("NY", "depression"), ("ZZ", ""), ("", "x")],
)
def test_what_is_open_or_unknown_is_not_waited_for(house: House, state: str, program: str):
    with pytest.raises(Rejected):
        waitlist.ask(
            email="k@example.com",
            state=state,
            program=program,
            locale="en",
            catalog=house.catalog,
            actor=VISITOR,
            now=house.now,
        )
    assert entries() == []


def test_one_address_may_wait_for_a_program_and_for_a_state(house: House):
    wait(house, "kim@example.com", house.catalog, state="FL", program="chronic_pain")
    wait(house, "kim@example.com", house.catalog, state="NY")
    assert {(row.state, row.program) for row in entries()} == {("FL", "chronic_pain"), ("NY", "")}


def test_an_entry_that_cannot_be_read_never_stops_the_others(house: House, soon: Catalog):
    for name in ("a", "b", "c"):
        wait(house, f"{name}@example.com", soon)
    with db.transaction() as session:
        bad = session.scalars(select(WaitlistEntry).order_by(WaitlistEntry.confirmed_at, WaitlistEntry.id)).first()
        assert bad is not None
        bad.email_sealed = b"nonsense"
    assert tell.tell_waiting(catalog=soon, now=MORNING) == 2
    assert len(told()) == 2
    with db.reading() as session:
        assert session.get_one(WaitlistEntry, bad.id).told_at is None, "it waits for somebody to mend it"


def test_a_crash_between_the_mark_and_the_mail_loses_neither(
    house: House, soon: Catalog, monkeypatch: pytest.MonkeyPatch
):
    wait(house, "kim@example.com", soon)
    with monkeypatch.context() as broken:
        broken.setattr(tell.mail, "put", _breaks)
        assert tell.tell_waiting(catalog=soon, now=MORNING) == 0
    assert entries()[0].told_at is None
    assert tell.tell_waiting(catalog=soon, now=MORNING) == 1
    assert told() == ["kim@example.com"]


def _breaks(*_: object, **__: object) -> None:
    raise RuntimeError("the machine went away")


def test_a_full_batch_asks_for_the_next(house: House, soon: Catalog):
    for name in ("a", "b", "c"):
        wait(house, f"{name}@example.com", soon)
    house.jobs.clear()
    assert tell.tell_waiting(catalog=soon, now=MORNING, limit=2) == 2
    assert [job.name for job in house.jobs].count("enrollment.tell_waiting") == 1
    assert tell.tell_waiting(catalog=soon, now=MORNING, limit=2) == 1
    assert len(told()) == 3


def test_two_sweeps_at_once_tell_everybody_once(committed: House):
    soon = opens_on(committed.catalog, "NJ", OPENS)
    people = [f"{n}@example.com" for n in range(12)]
    for person in people:
        wait(committed, person, soon)
    counts = at_once(*[lambda: tell.tell_waiting(catalog=soon, now=MORNING)] * 3)
    assert sum(counts) == 12
    assert sorted(told()) == sorted(people)


def test_who_was_told_may_ask_anew_and_is_told_of_that(house: House, soon: Catalog):
    wait(house, "kim@example.com", soon)
    tell.tell_waiting(catalog=soon, now=MORNING)
    house.at(MORNING + timedelta(days=30))
    again = opens_on(house.catalog, "NJ", date(2027, 2, 1))
    wait(house, "kim@example.com", again)
    assert entries()[0].told_at is None
    assert tell.tell_waiting(catalog=again, now=datetime(2027, 2, 1, 15, tzinfo=UTC)) == 1
    assert told() == ["kim@example.com"] * 2


def test_confirming_again_after_being_told_is_no_new_wish(house: House, soon: Catalog):
    token = wait(house, "kim@example.com", soon)
    tell.tell_waiting(catalog=soon, now=MORNING)
    waitlist.confirm(token=token, actor=VISITOR, now=MORNING)
    assert tell.tell_waiting(catalog=soon, now=MORNING) == 0


def test_one_click_in_a_mail_program_leaves_the_list_without_a_cookie_or_a_page(
    client: Browser, house: House, soon: Catalog
):
    """RFC 8058: a POST without anything but its link; a GET shows a button and changes nothing."""
    wait(house, "kim@example.com", soon)
    tell.tell_waiting(catalog=soon, now=MORNING)
    for template in ("waitlist_joined", "waitlist_opened"):
        with db.transaction() as session:
            session.execute(update(WaitlistEntry).values(left_at=None))
        path = str(mails(template)[-1][3]["unsubscribe_path"])
        shown = client.get(path, follow_redirects=True)
        assert "Leave the list" in shown.text
        assert entries()[0].left_at is None
        for _ in range(2):
            stranger = client.application.test_client()
            answer = stranger.post(path, data={"List-Unsubscribe": "One-Click"}, base_url="https://localhost")
            assert answer.status_code == 200
            assert answer.data == b""
            assert "Set-Cookie" not in answer.headers
        assert entries()[0].left_at is not None


def test_an_unsubscribe_of_an_entry_that_is_gone_is_done_already(client: Browser, house: House):
    assert client.post("/waitlist/unsubscribe/nobody-has-this").status_code == 200


def test_the_link_in_the_mail_that_tells_leaves_too_and_the_first_one_still_works(
    client: Browser, house: House, soon: Catalog
):
    token = wait(house, "kim@example.com", soon)
    tell.tell_waiting(catalog=soon, now=MORNING)
    leaving = str(mails("waitlist_opened")[-1][3]["path"])
    assert token_hash(leaving.rsplit("/", 1)[1]) == entries()[0].told_token_hash
    assert "We wrote to you" in client.get(f"/waitlist/confirm/{token}").text
    assert "You have left the list" in client.submit(leaving, follow_redirects=True).text
    assert "You have left the list" in client.get(f"/waitlist/leave/{token}").text


def test_the_address_stays_sealed(house: House, soon: Catalog):
    wait(house, "kim@example.com", soon, state="NJ")
    tell.tell_waiting(catalog=soon, now=MORNING)
    (row,) = entries()
    assert crypto.unseal(row.email_sealed, "waitlist_entries", "email", row.id) == "kim@example.com"
    assert b"kim" not in row.email_sealed


def test_that_somebody_was_told_is_kept_three_years_as_proof_and_then_goes(house: House, soon: Catalog):
    wait(house, "kim@example.com", soon)
    tell.tell_waiting(catalog=soon, now=MORNING)
    for later, left in ((timedelta(days=3 * 365 - 2), 1), (timedelta(days=3 * 366 + 2), 0)):
        retain(catalog=house.catalog, now=MORNING + later, wall_now=wall_now() + later)
        assert len(entries()) == left


def test_who_still_waits_is_kept_however_long_it_takes(house: House, soon: Catalog):
    wait(house, "kim@example.com", soon)
    later = timedelta(days=9 * 366)
    retain(catalog=house.catalog, now=house.now + later, wall_now=wall_now() + later)
    assert len(entries()) == 1
