"""A forgotten password: nobody learns who has an account, and a mailbox alone opens none."""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Engine, func, select, update

from service.accounts.actions import recovery
from service.accounts.models import KnownDevice, OneTimeLink, ResetRequest, SignIn, User
from service.accounts.rules.links import RESET_LINK_LIFE, RESET_MAIL_EVERY
from service.audit.models import AuditEntry
from service.kit import db
from service.kit.actor import Actor
from service.kit.clock import wall_now
from service.kit.errors import NotAllowed, Rejected
from service.kit.ids import new_id, token_hash
from service.kit.passwords import verify_password
from tests.accounts.letters import link, mails
from tests.client import Browser
from tests.conftest import House
from tests.factories.accounts import PASSWORD, Person, a_patient, a_staff_member
from tests.factories.statements import counted

NEW = "seven quiet herons"
VISITOR = Actor("visitor", address="203.0.113.9")


def ask(house: House, email: str, at: datetime | None = None, actor: Actor = VISITOR) -> None:
    """Somebody asks, and the worker looks."""
    wall = at or wall_now()
    recovery.ask_reset(email=email, actor=actor, wall_now=wall)
    recovery.mail_reset_links(now=house.now, wall_now=wall)


def opens(person: Person, password: str) -> bool:
    with db.reading() as session:
        return verify_password(session.get_one(User, person.user_id).password_hash, password)


def links_of(person: Person) -> int:
    with db.reading() as session:
        return session.scalar(select(func.count()).where(OneTimeLink.user_id == person.user_id)) or 0


def test_a_forgotten_password_is_replaced_by_a_link(client: Browser, house: House) -> None:
    ana = a_patient()
    assert "/forgot-password" in client.get("/sign-in").text
    answer = client.submit("/forgot-password", {"email": ana.email.upper()})
    assert answer.headers["Location"] == "/forgot-password/check-your-email"
    assert "If there is an account" in client.get(answer.headers["Location"]).text
    assert [job.name for job in house.jobs] == ["accounts.mail_reset_links"]
    recovery.mail_reset_links(now=house.now, wall_now=wall_now())
    path = link("reset_password")
    for _ in range(3):
        assert client.get(path).status_code == 200
        client.head(path)
    assert opens(ana, PASSWORD), "looking changes nothing"
    answer = client.submit(path, {"new": NEW})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/sign-in")
    assert "Your new password is set" in client.get("/sign-in").text
    assert opens(ana, NEW)
    assert [facts["what"] for _, _, _, facts in mails("security_change")] == ["password_reset"]


def test_the_same_statements_run_and_the_same_page_comes_for_every_address(
    client: Browser, house: House, engine: Engine
) -> None:
    """Known, unknown, unproved and closed: the request does one kind of work, a worker does the rest."""
    known, unproved, closed = a_patient(), a_patient(confirmed=False), a_patient()
    with db.transaction() as session:
        session.get_one(User, closed.user_id).deactivated_at = house.now
    client.submit("/forgot-password", {"email": "first@example.com"})
    seen, pages = [], []
    for email in (known.email, "nobody@example.com", unproved.email, closed.email):
        with counted(engine) as statements:
            answer = client.submit("/forgot-password", {"email": email})
        seen.append([re.sub(r"\s+", " ", one) for one in statements])
        pages.append((answer.status_code, answer.headers["Location"], answer.text))
        with db.transaction() as session:
            session.execute(update_waits())
    assert seen[0]
    assert seen == [seen[0]] * 4
    assert pages == [pages[0]] * 4
    assert not any("users" in one or "one_time_links" in one for one in seen[0]), "the request never looks"


def update_waits() -> object:
    """Nobody has to wait: what is counted here is not the back-off."""
    from service.accounts.models import SignInBackOff

    return update(SignInBackOff).values(failures=0)


def test_only_a_proved_and_open_account_gets_the_link(house: House) -> None:
    closed = a_patient()
    with db.transaction() as session:
        session.get_one(User, closed.user_id).deactivated_at = house.now
    ask(house, "nobody@example.com")
    ask(house, closed.email)
    assert mails() == []
    ask(house, a_patient(confirmed=False).email)
    assert [name for name, *_ in mails()] == ["confirm_address"]
    with db.reading() as session:
        assert session.scalar(select(func.count(ResetRequest.id))) == 0, "what was looked at is gone"


def test_what_is_no_address_is_said_at_once(client: Browser, house: House) -> None:
    for typed in ("not an address", "ana@example.com\r\nBcc: eve@example.com", "a" * 300 + "@example.com", ""):
        assert client.submit("/forgot-password", {"email": typed}).status_code == 422
    with db.reading() as session:
        assert session.scalar(select(func.count(ResetRequest.id))) == 0


def test_a_look_alike_goes_to_the_stored_address_or_to_nobody(house: House) -> None:
    """Full-width letters are the same address; a Cyrillic one is another, and nobody's."""
    ana = a_patient(email="ana@example.com")
    ask(house, "ａｎａ@example.com")
    assert [(user_id, address) for _, user_id, address, _ in mails("reset_password")] == [(ana.user_id, "")]
    ask(house, "аna@example.com")
    assert len(mails()) == 1


def test_a_link_works_once_and_not_when_it_is_old(house: House) -> None:
    ana = a_patient()
    ask(house, ana.email)
    token = link("reset_password").rpartition("/")[2]
    late = wall_now() + RESET_LINK_LIFE + timedelta(seconds=5)
    for at in (late, None, None):
        use = {"token": token, "password": NEW, "actor": VISITOR, "now": house.now, "wall_now": at or wall_now()}
        if at is None and opens(ana, PASSWORD):
            recovery.reset_password(**use)
            continue
        with pytest.raises(Rejected) as refused:
            recovery.reset_password(**use)
        assert refused.value.code == "link_expired"
    assert opens(ana, NEW)


def test_one_new_password_ends_every_other_link_that_was_mailed(house: House) -> None:
    ana = a_patient()
    first = wall_now()
    ask(house, ana.email, first)
    one = link("reset_password").rpartition("/")[2]
    ask(house, ana.email, first + RESET_MAIL_EVERY)
    other = link("reset_password").rpartition("/")[2]
    assert one != other
    use = {"password": NEW, "actor": VISITOR, "now": house.now, "wall_now": first + RESET_MAIL_EVERY}
    recovery.reset_password(token=one, **use)
    with pytest.raises(Rejected):
        recovery.reset_password(token=other, **use)


def test_a_link_for_another_purpose_sets_no_password(house: House) -> None:
    ana = a_patient()
    with db.transaction() as session:
        session.add(
            OneTimeLink(
                id=new_id(),
                user_id=ana.user_id,
                purpose="change_email",
                token_hash=token_hash("swapped"),
                created_at=wall_now(),
                expires_at=wall_now() + timedelta(hours=1),
            )
        )
    assert not recovery.reset_link_is_open(token="swapped", wall_now=wall_now())
    with pytest.raises(Rejected):
        recovery.reset_password(token="swapped", password=NEW, actor=VISITOR, now=house.now, wall_now=wall_now())


def test_somebody_closed_in_between_stays_closed(house: House) -> None:
    ana = a_patient()
    ask(house, ana.email)
    with db.transaction() as session:
        session.get_one(User, ana.user_id).deactivated_at = house.now
    token = link("reset_password").rpartition("/")[2]
    with pytest.raises(Rejected):
        recovery.reset_password(token=token, password=NEW, actor=VISITOR, now=house.now, wall_now=wall_now())
    assert opens(ana, PASSWORD)


def test_everybody_is_signed_out_and_every_browser_is_new_again(client: Browser, house: House) -> None:
    """A mailbox alone must not spare the second step."""
    sam = a_staff_member("clinician")
    client.sign_in(sam.user_id)
    with db.transaction() as session:
        session.add(
            KnownDevice(
                id=new_id(),
                user_id=sam.user_id,
                token_hash=token_hash("this browser"),
                first_seen_at=wall_now(),
                seen_at=wall_now(),
                spares_step=True,
            )
        )
    ask(house, sam.email)
    client.submit(link("reset_password"), {"new": NEW})
    with db.reading() as session:
        assert session.scalars(select(SignIn.revoked_at).where(SignIn.user_id == sam.user_id)).all() != [None]
        assert None not in session.scalars(select(SignIn.revoked_at).where(SignIn.user_id == sam.user_id)).all()
        assert None not in session.scalars(select(KnownDevice.forgotten_at)).all()
    assert client.get("/staff").headers["Location"].startswith("/sign-in")
    client.submit("/sign-in", {"email": sam.email, "password": NEW})
    assert client.get("/staff").status_code == 303, "the second step still stands before the first page"


def test_an_unfit_password_is_refused_and_the_link_still_works(client: Browser, house: House) -> None:
    ana = a_patient(email="ana.rivera@example.com")
    ask(house, ana.email)
    path = link("reset_password")
    for bad, words in [
        ("short", "8 characters or more"),
        ("password1", "first that strangers try"),
        ("anarivera1", "too close to your own name"),
        ("x7" * 65, "128 characters or fewer"),
        ("", "Choose a new password"),
    ]:
        answer = client.submit(path, {"new": bad})
        assert answer.status_code == 422
        assert words in answer.text
    assert opens(ana, PASSWORD)
    assert client.submit(path, {"new": NEW}).status_code == 303


def test_however_often_a_stranger_asks_one_link_in_the_mailbox_always_works(house: House) -> None:
    ana = a_patient()
    start = wall_now()
    for minute in range(0, 60, 2):
        at = start + timedelta(minutes=minute)
        with suppress(NotAllowed):
            ask(house, ana.email, at, Actor("visitor", address=f"203.0.113.{minute}"))
        token = link("reset_password").rpartition("/")[2]
        assert recovery.reset_link_is_open(token=token, wall_now=at)
    assert links_of(ana) <= 7


def test_asking_again_and_again_makes_one_wait_known_or_not(client: Browser, house: House) -> None:
    for email in (a_patient().email, "nobody@example.com"):
        statuses = [client.submit("/forgot-password", {"email": email}).status_code for _ in range(8)]
        assert 429 in statuses
        answer = client.submit("/forgot-password", {"email": email})
        assert "Look in your mailbox first" in answer.text


def test_asking_for_many_people_from_one_ipv6_line_makes_one_wait(house: House) -> None:
    at = wall_now()
    for number in range(5):
        line = Actor("visitor", address=f"2001:db8:1:2::{number:x}")
        recovery.ask_reset(email=f"person{number}@example.com", actor=line, wall_now=at)
    line = Actor("visitor", address="2001:db8:1:2::ffff")
    with pytest.raises(NotAllowed):
        recovery.ask_reset(email="another@example.com", actor=line, wall_now=at)
    recovery.ask_reset(email="another@example.com", actor=Actor("visitor", address="2001:db8:1:3::1"), wall_now=at)


def test_a_request_that_lay_too_long_is_dropped(house: House) -> None:
    ana = a_patient()
    recovery.ask_reset(email=ana.email, actor=VISITOR, wall_now=wall_now() - timedelta(hours=2))
    assert recovery.mail_reset_links(now=house.now, wall_now=wall_now()) == 1
    assert mails() == []


def test_a_replayed_link_leaves_a_trace_and_a_made_up_one_none(house: House) -> None:
    ana = a_patient()
    ask(house, ana.email)
    token = link("reset_password").rpartition("/")[2]
    recovery.reset_password(token=token, password=NEW, actor=VISITOR, now=house.now, wall_now=wall_now())
    for tried in (token, "made up"):
        with pytest.raises(Rejected):
            recovery.reset_password(token=tried, password=NEW, actor=VISITOR, now=house.now, wall_now=wall_now())
    with db.reading() as session:
        query = select(AuditEntry.subject_id, AuditEntry.outcome, AuditEntry.reason)
        rows = session.execute(query.where(AuditEntry.action == "account.reset_password").order_by(AuditEntry.at))
        assert [tuple(row) for row in rows] == [
            (ana.user_id, "done", None),
            (ana.user_id, "refused", "link_expired"),
        ]


def test_the_trail_says_who_asked_and_what_was_done_without_an_address(house: House) -> None:
    ana = a_patient()
    ask(house, ana.email)
    token = link("reset_password").rpartition("/")[2]
    recovery.reset_password(token=token, password=NEW, actor=VISITOR, now=house.now, wall_now=wall_now())
    with db.reading() as session:
        rows = session.execute(
            select(AuditEntry.action, AuditEntry.subject_id).where(AuditEntry.action.like("account.%reset%"))
        ).all()
    assert sorted((row.action, row.subject_id) for row in rows if row.subject_id) == [
        ("account.mail_reset_link", ana.user_id),
        ("account.reset_password", ana.user_id),
    ]
    assert [row.action for row in rows if row.subject_id is None] == ["account.ask_reset"]


@pytest.mark.parametrize("path", ["/forgot-password", "/reset-password/nobody-has-this"])
def test_another_site_cannot_send_the_form(client: Browser, house: House, path: str) -> None:
    assert client.post(path, data={"email": "ana@example.com", "new": NEW}).status_code == 400


def test_an_old_link_is_answered_kindly(client: Browser, house: House) -> None:
    for token in ("not-a-link", "x" * 3000):
        answer = client.get(f"/reset-password/{token}")
        assert answer.status_code == 410
        assert "Your password is as it was" in answer.text
        assert client.submit(f"/reset-password/{token}", {"new": NEW}).status_code == 410
