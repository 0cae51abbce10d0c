"""Guessing: who waits, how long, and who must not be made to wait by a stranger."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from threading import Barrier

import pyotp
from sqlalchemy import select

from service.accounts import actions, queries
from service.accounts.models import SignInBackOff
from service.accounts.rules import CODE_FAILURES_HALVE_EVERY, FREE_FAILURES, still_counted, wait_after
from service.accounts.rules.passkeys import Site
from service.kit import db
from service.kit.actor import Actor
from service.kit.errors import NotAllowed, Rejected
from tests.accounts.steps import mails
from tests.conftest import House
from tests.factories.accounts import PASSWORD, Person, a_patient, a_staff_member

WALL = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
HOME = Actor("visitor", address="203.0.113.9")
STRANGER = Actor("visitor", address="198.51.100.66")


def sign_in(email: str, password: str = PASSWORD, at: datetime = WALL, actor: Actor = HOME) -> str:
    """What came of it: "in", "wrong" or "wait"."""
    try:
        actions.sign_in(email=email, password=password, actor=actor, now=at, wall_now=at)
    except Rejected:
        return "wrong"
    except NotAllowed:
        return "wait"
    return "in"


def guess(email: str, times: int, actor: Actor = STRANGER, at: datetime = WALL) -> datetime:
    """Guess as soon as one may, `times` times. Returns when the last guess was made."""
    for _ in range(times):
        while sign_in(email, "a guess", at, actor) == "wait":
            at += timedelta(seconds=1)
    return at


def test_after_five_wrong_tries_one_waits_and_the_right_password_then_opens(house: House) -> None:
    ana = a_patient()
    assert [sign_in(ana.email, "wrong") for _ in range(6)] == ["wrong"] * 5 + ["wait"]
    assert sign_in(ana.email, at=WALL + timedelta(seconds=1)) == "wait"
    assert sign_in(ana.email, at=WALL + timedelta(seconds=3)) == "in"


def test_an_unknown_address_waits_as_a_known_one_does(house: House) -> None:
    assert [sign_in("nobody@example.com", "wrong") for _ in range(6)] == ["wrong"] * 5 + ["wait"]


def test_a_stranger_who_guesses_waits_long_and_the_owner_a_minute_at_most(house: House) -> None:
    ana = a_patient()
    last = guess(ana.email, 12)
    assert sign_in(ana.email, actor=STRANGER, at=last + timedelta(seconds=61)) == "wait"
    assert sign_in(ana.email, at=last + timedelta(seconds=61)) == "in"


def test_where_one_came_in_before_a_stranger_makes_nobody_wait(house: House) -> None:
    ana = a_patient()
    assert sign_in(ana.email) == "in"
    last = guess(ana.email, 10)
    assert sign_in(ana.email, at=last) == "in"


def test_whoever_knocks_twice_from_every_address_waits_like_everybody(house: House) -> None:
    """The wait for an address as a whole holds for a client that never came in, however often it asks."""
    ana = a_patient()
    for number in range(40):
        sign_in(ana.email, "a guess", actor=Actor("visitor", address=f"198.51.100.{number}"))
    fresh = [Actor("visitor", address=f"203.0.113.{number}") for number in range(100, 110)]
    assert {sign_in(ana.email, "a guess", actor=client) for client in fresh for _ in range(3)} == {"wait"}
    assert sign_in(ana.email, actor=fresh[0]) == "wait"
    assert sign_in(ana.email, actor=fresh[0], at=WALL + timedelta(seconds=61)) == "in"


def test_an_ipv6_line_is_one_client(house: House) -> None:
    ana = a_patient()
    line = [Actor("visitor", address=f"2001:db8:1:2::{number:x}") for number in range(20)]
    assert sign_in(ana.email, actor=line[0]) == "in"
    last = guess(ana.email, 10)
    assert sign_in(ana.email, actor=line[1], at=last) == "in", "its phone has another address on the same line"
    guesses = [sign_in("nobody@example.com", "a guess", actor=client) for client in line]
    assert guesses == ["wrong"] * FREE_FAILURES + ["wait"] * 15
    later = WALL + timedelta(seconds=61)
    assert sign_in("nobody@example.com", "a guess", actor=line[0], at=later) == "wrong"


def test_after_an_hour_without_tries_one_may_mistype_again(house: House) -> None:
    last = guess("nobody@example.com", 9)
    later = last + timedelta(hours=1, minutes=5)
    tries = [sign_in("nobody@example.com", "wrong", later, STRANGER) for _ in range(FREE_FAILURES)]
    assert tries == ["wrong"] * FREE_FAILURES


def enter(sam: Person, code: str, at: datetime) -> str:
    """Sign in with the right password and try one code."""
    token = actions.sign_in(email=sam.email, password=PASSWORD, actor=HOME, now=at, wall_now=at).token
    with db.reading() as session:
        person = queries.principal(session, token, at)
    assert person is not None
    try:
        actions.second_factor(
            sign_in_id=person.sign_in_id,
            user_id=sam.user_id,
            shown=actions.Shown("app", code),
            site=Site("localhost", "https://localhost", "Homeward"),
            remember=False,
            device_cookie=None,
            actor=HOME,
            now=at,
            wall_now=at,
        )
    except Rejected:
        return "wrong"
    except NotAllowed:
        return "wait"
    return "in"


def test_a_right_password_gives_no_new_codes_to_guess(house: House) -> None:
    sam = a_staff_member()
    assert [enter(sam, "abc", WALL) for _ in range(7)] == ["wrong"] * 5 + ["wait"] * 2
    right = WALL + timedelta(minutes=2)
    assert enter(sam, pyotp.TOTP(sam.totp_secret or "").at(right), right) == "in"
    assert enter(sam, "abc", right) == "wrong", "and the count starts again"


def told(person: Person) -> int:
    return len(mails(person.user_id, "codes_tried"))


def test_the_owner_hears_of_wrong_codes_behind_a_right_password_once_a_day(house: House) -> None:
    sam = a_staff_member()
    for _ in range(4):
        enter(sam, "abc", WALL)
    assert told(sam) == 0, "anybody mistypes"
    enter(sam, "abc", WALL)
    assert told(sam) == 1
    for minutes in (2, 4, 6):
        enter(sam, "abc", WALL + timedelta(minutes=minutes))
    assert told(sam) == 1
    enter(sam, "abc", WALL + timedelta(days=1))
    for minutes in range(5):
        enter(sam, "abc", WALL + timedelta(days=1, minutes=minutes))
    assert told(sam) == 2


def test_timing_the_tries_at_a_code_gains_little() -> None:
    """The most guesses a day, for whoever waits until a count has halved and then tries again up to a peak."""

    def a_day(peak: int, halvings: int) -> float:
        at = ends = 0.0
        count = guesses = 0
        while at < 10 * 86_400:
            count = still_counted(count, timedelta(seconds=at - ends), CODE_FAILURES_HALVE_EVERY) + 1
            guesses += 1
            at = ends = at + max(wait_after(count).total_seconds(), 0.001)
            if count >= peak:
                at += halvings * CODE_FAILURES_HALVE_EVERY.total_seconds()
        return guesses / 10

    assert 90 < max(a_day(peak, halvings) for peak in range(5, 18) for halvings in range(6)) < 150


def test_many_tries_at_once_are_many_tries(committed: House) -> None:
    ana, crowd = a_patient(), 12
    ready = Barrier(crowd)

    def one(number: int) -> str:
        ready.wait()
        return sign_in(ana.email, "wrong", actor=replace(STRANGER, address=f"198.51.100.{number % 3}"))

    with ThreadPoolExecutor(crowd) as pool:
        outcomes = sorted(pool.map(one, range(crowd)))
    assert outcomes == ["wait"] * (crowd - FREE_FAILURES) + ["wrong"] * FREE_FAILURES
    with db.reading() as session:
        row = session.get_one(SignInBackOff, queries.email_index(ana.email))
        assert (row.failures, row.wait_until) == (FREE_FAILURES, WALL + timedelta(seconds=2))
        everywhere = session.scalars(select(SignInBackOff.failures)).all()
    assert sum(everywhere) == 2 * FREE_FAILURES, "each is counted for its client and for the address"
