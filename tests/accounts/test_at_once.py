"""One link pressed twice at once, one address wanted by two: real connections that see each other's work."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import UTC, datetime
from threading import Thread
from typing import Any

import pytest
from sqlalchemy import select

from service.accounts import actions, queries
from service.accounts.actions import credentials_email, credentials_stop, recovery
from service.accounts.models import SignIn, User
from service.kit import db
from service.kit.actor import Actor
from service.kit.clock import wall_now
from service.kit.errors import Rejected
from service.kit.passwords import hash_password, verify_password
from tests.accounts.letters import link, mails
from tests.conftest import House
from tests.factories.accounts import PASSWORD, Person, a_patient
from tests.factories.at_once import outcomes

VISITOR = Actor("visitor", address="203.0.113.9")
NOW = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
CHOICES = ("seven quiet herons", "nine loud sparrows", "two grey tulips", "four slow rivers")


def asked(email: str) -> None:
    recovery.ask_reset(email=email, actor=VISITOR, wall_now=wall_now())


def token(template: str) -> str:
    return link(template).rpartition("/")[2]


def test_a_request_is_answered_by_one_of_many_workers(committed: House) -> None:
    ana = a_patient()
    asked(ana.email)
    asked(ana.email)
    outcomes(*[lambda: recovery.mail_reset_links(now=NOW, wall_now=wall_now()) and None] * 4)
    assert len(mails("reset_password")) == 1


def test_one_link_sets_one_password(committed: House) -> None:
    ana = a_patient()
    asked(ana.email)
    recovery.mail_reset_links(now=NOW, wall_now=wall_now())
    use = {"token": token("reset_password"), "actor": VISITOR, "now": NOW, "wall_now": wall_now()}

    def choose(password: str) -> Callable[[], None]:
        return lambda: recovery.reset_password(password=password, **use)  # type: ignore[arg-type]

    assert sorted(outcomes(*map(choose, CHOICES))) == ["done", "link_expired", "link_expired", "link_expired"]
    with db.reading() as session:
        stored = session.get_one(User, ana.user_id).password_hash
    assert sum(verify_password(stored, each) for each in CHOICES) == 1
    assert len(mails("security_change")) == 1


def test_two_who_want_one_address_and_press_at_once_do_not_both_get_it(committed: House) -> None:
    people = [a_patient(), a_patient()]
    links = [_wants(person, "wanted@example.com") for person in people]

    def press(token: str) -> Callable[[], None]:
        return lambda: credentials_email.confirm_new_email(
            token=token, password=PASSWORD, actor=VISITOR, now=NOW, wall_now=wall_now()
        )

    assert sorted(outcomes(*map(press, links))) == ["done", "link_expired"]
    with db.reading() as session:
        index = queries.email_index("wanted@example.com")
        assert len(session.scalars(select(User.id).where(User.email_index == index)).all()) == 1


def _wants(person: Person, email: str) -> str:
    actor = Actor("patient", person.user_id)
    credentials_email.ask_for_new_email(user_id=person.user_id, email=email, actor=actor, now=NOW, wall_now=wall_now())
    return token("confirm_new_email")


def test_a_change_that_is_said_to_be_stopped_is_not_made(committed: House, monkeypatch: pytest.MonkeyPatch) -> None:
    ana = a_patient()
    change, stop = _wants(ana, "thief@example.org"), token("new_email_asked")
    look, said, looks = credentials_email._change, list[str](), list[Thread]()

    def press_stop() -> None:
        said.extend(outcomes(lambda: credentials_stop.stop_new_email(token=stop, actor=VISITOR, wall_now=wall_now())))

    def looked(*asked: Any) -> Any:
        found = look(*asked)
        looks.append(Thread(target=press_stop))
        if len(looks) == 2:  # the change holds the account, and has seen that nobody stopped it
            looks[-1].start()
            looks[-1].join(1)
        return found

    monkeypatch.setattr(credentials_email, "_change", looked)
    credentials_email.confirm_new_email(token=change, password=PASSWORD, actor=VISITOR, now=NOW, wall_now=wall_now())
    looks[1].join()
    assert said == ["link_expired"], "it was too late, and says so"
    with db.reading() as session:
        assert (queries.address_of(session, ana.user_id) or ("",))[0] == "thief@example.org"


@pytest.mark.parametrize("what", ["password", "closed"])
def test_a_password_that_is_replaced_while_it_is_judged_opens_nothing(
    committed: House, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    ana, door = a_patient(), sys.modules["service.accounts.actions.sign_in"]
    judge = verify_password

    def slowly(stored: str | None, password: str) -> bool:
        right = judge(stored, password)
        with db.transaction() as session:
            user = session.get_one(User, ana.user_id)
            if what == "password":
                user.password_hash = hash_password("another one entirely")
            else:
                user.deactivated_at = wall_now()
        return right

    monkeypatch.setattr(door, "verify_password", slowly)
    with pytest.raises(Rejected, match="sign_in_wrong"):
        actions.sign_in(email=ana.email, password=PASSWORD, actor=VISITOR, now=NOW, wall_now=wall_now())
    with db.reading() as session:
        assert session.scalars(select(SignIn.id).where(SignIn.user_id == ana.user_id)).all() == []
