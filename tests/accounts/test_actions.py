"""Who may come in, tried on the real database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pyotp
import pytest
from sqlalchemy import select

from service.accounts import actions, queries
from service.accounts.models import OneTimeLink, SignIn, User
from service.accounts.rules import still_counted, still_signed_in, wait_after
from service.accounts.rules.passkeys import Site
from service.audit.models import AuditEntry
from service.kit import crypto, db
from service.kit.actor import Actor
from service.kit.errors import Rejected
from service.mail.models import OutboxMessage
from tests.conftest import House
from tests.factories.accounts import PASSWORD, Person, a_patient, a_staff_member

SITE = Site("localhost", "https://localhost", "Homeward")
VISITOR = Actor("visitor", address="203.0.113.9")
WALL = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)


def sign_in(person: Person, password: str = PASSWORD, at: datetime = WALL) -> actions.SignedIn:
    return actions.sign_in(email=person.email, password=password, actor=VISITOR, now=at, wall_now=at)


def test_the_right_password_opens_a_sign_in_that_finds_the_person(house: House) -> None:
    ana = a_patient()
    signed_in = sign_in(ana)
    with db.reading() as session:
        person = queries.principal(session, signed_in.token, WALL)
    assert person is not None
    assert (person.patient_id, person.given_name, person.kind) == (ana.patient_id, "Ana", "patient")
    assert signed_in.second_step_due, "nobody has come in with this browser before"


def test_the_address_is_found_however_it_is_typed(house: House) -> None:
    a_patient(email="ana.rivera@example.com")
    signed_in = actions.sign_in(
        email="  Ana.Rivera@EXAMPLE.com ", password=PASSWORD, actor=VISITOR, now=WALL, wall_now=WALL
    )
    assert signed_in.token


@pytest.mark.parametrize("email", ["nobody@example.com", "not an address", ""])
def test_an_unknown_address_gets_the_same_answer_as_a_wrong_password(house: House, email: str) -> None:
    ana = a_patient()
    with pytest.raises(Rejected) as wrong_password:
        sign_in(ana, "wrong")
    with pytest.raises(Rejected) as unknown:
        actions.sign_in(email=email, password="wrong", actor=VISITOR, now=WALL, wall_now=WALL)
    assert wrong_password.value.message == unknown.value.message


@pytest.mark.parametrize(
    "email", ["not an address", "ana@example.com\x00", "a@b\r\nBcc: eve@example.com", "nobody@a.org"]
)
def test_every_try_leaves_a_trace_even_at_what_is_no_address(house: House, email: str) -> None:
    with pytest.raises(Rejected):
        actions.sign_in(email=email, password="wrong", actor=VISITOR, now=WALL, wall_now=WALL)
    with db.reading() as session:
        entry = session.scalars(select(AuditEntry)).one()
    assert (entry.action, entry.outcome, entry.subject_id) == ("account.sign_in", "refused", None)
    assert (entry.address, entry.patient_id) == (VISITOR.address, None)


def test_waiting_grows_and_never_becomes_a_lock_out() -> None:
    waits = [wait_after(failures).total_seconds() for failures in range(1, 30)]
    assert waits[:4] == [0, 0, 0, 0]
    assert waits[4:8] == [2, 4, 8, 16]
    assert max(waits) == 15 * 60


def test_failures_are_forgotten_by_halves_and_in_the_end_altogether() -> None:
    left = [still_counted(12, timedelta(minutes=minutes)) for minutes in (0, 14, 15, 30, 60, 10**6)]
    assert left == [12, 12, 6, 3, 0, 0]


def test_a_closed_account_cannot_sign_in_and_its_open_sign_in_ends(house: House) -> None:
    ana = a_patient()
    token = sign_in(ana).token
    with db.transaction() as session:
        session.get_one(User, ana.user_id).deactivated_at = house.now
    with db.reading() as session:
        assert queries.principal(session, token, WALL) is None
    with pytest.raises(Rejected):
        sign_in(ana)


def test_signing_out_is_certain(house: House) -> None:
    token = sign_in(a_patient()).token
    with db.reading() as session:
        person = queries.principal(session, token, WALL)
    assert person is not None
    actions.sign_out(sign_in_id=person.sign_in_id, actor=VISITOR, wall_now=WALL)
    with db.reading() as session:
        assert queries.principal(session, token, WALL) is None


@pytest.mark.parametrize(
    ("kind", "idle_minutes", "age_hours", "stays"),
    [
        ("patient", 29, 1, True),
        ("patient", 31, 1, False),
        ("staff", 14, 1, True),
        ("staff", 16, 1, False),
        ("patient", 1, 13, False),
    ],
)
def test_a_sign_in_ends_when_idle_or_old(kind: str, idle_minutes: int, age_hours: int, stays: bool) -> None:
    seen = WALL - timedelta(minutes=idle_minutes)
    assert still_signed_in(kind, WALL - timedelta(hours=age_hours), seen, WALL) is stays


def code(person: Person, at: datetime) -> str:
    return pyotp.TOTP(person.totp_secret or "").at(at)


def pass_second_factor(person: Person, token: str, digits: str, at: datetime) -> str:
    with db.reading() as session:
        principal = queries.principal(session, token, at)
    assert principal is not None
    return actions.second_factor(
        sign_in_id=principal.sign_in_id,
        user_id=person.user_id,
        shown=actions.Shown("app", digits),
        site=SITE,
        remember=False,
        device_cookie=None,
        actor=VISITOR,
        now=at,
        wall_now=at,
    ).token


def test_staff_are_not_in_before_their_second_factor_and_get_a_new_token_with_it(house: House) -> None:
    sam = a_staff_member()
    signed_in = sign_in(sam)
    assert signed_in.second_step_due
    token = pass_second_factor(sam, signed_in.token, code(sam, WALL), WALL)
    assert token != signed_in.token
    with db.reading() as session:
        assert queries.principal(session, signed_in.token, WALL) is None
        person = queries.principal(session, token, WALL)
    assert person is not None
    assert person.second_factor_passed
    assert not person.second_step_due


def test_a_code_works_once(house: House) -> None:
    sam = a_staff_member()
    digits = code(sam, WALL)
    token = pass_second_factor(sam, sign_in(sam).token, digits, WALL)
    with pytest.raises(Rejected):
        pass_second_factor(sam, token, digits, WALL)


@pytest.mark.parametrize(("seconds", "works"), [(-30, True), (30, True), (-90, False), (90, False)])
def test_a_clock_may_be_one_period_off(house: House, seconds: int, works: bool) -> None:
    sam = a_staff_member()
    token = sign_in(sam).token
    digits = code(sam, WALL + timedelta(seconds=seconds))
    if works:
        assert pass_second_factor(sam, token, digits, WALL)
    else:
        with pytest.raises(Rejected):
            pass_second_factor(sam, token, digits, WALL)


def sent_link(user_id: object) -> str:
    with db.reading() as session:
        row = session.scalars(
            select(OutboxMessage).where(OutboxMessage.user_id == user_id).order_by(OutboxMessage.id.desc())
        ).first()
        assert row is not None
        path: str = crypto.unseal_json(row.facts_sealed, "outbox", "facts", row.id)["path"]
    return path.rpartition("/")[2]


def confirm(token: str, house: House, at: datetime | None = None) -> None:
    from service.kit.clock import wall_now

    actions.confirm_address(token=token, password=PASSWORD, actor=VISITOR, now=house.now, wall_now=at or wall_now())


def unconfirmed(house: House) -> tuple[Person, str]:
    from service.accounts import writes

    ana = a_patient(confirmed=False)
    with db.transaction() as session:
        writes.send_confirmation(session, user_id=ana.user_id, now=house.now)
    return ana, sent_link(ana.user_id)


def test_looking_at_a_confirmation_link_confirms_nothing_and_pressing_twice_confirms_once(house: House) -> None:
    from service.kit.clock import wall_now

    ana, token = unconfirmed(house)
    assert actions.link_is_open(token=token, wall_now=wall_now())
    with db.reading() as session:
        assert session.get_one(User, ana.user_id).email_confirmed_at is None
    confirm(token, house)
    confirm(token, house)
    with db.reading() as session:
        assert session.get_one(User, ana.user_id).email_confirmed_at == house.now


def test_an_expired_or_invented_link_is_refused(house: House) -> None:
    from service.kit.clock import wall_now

    ana, token = unconfirmed(house)
    with pytest.raises(Rejected):
        confirm(token, house, at=wall_now() + timedelta(hours=73))
    with pytest.raises(Rejected):
        confirm("invented", house)
    with db.reading() as session:
        assert session.get_one(User, ana.user_id).email_confirmed_at is None


def test_names_addresses_and_birthdays_are_sealed_and_tokens_are_hashes(house: House) -> None:
    ana = a_patient(given_name="Anastasia", family_name="Quintero", email="quintero@example.com")
    token = sign_in(ana).token
    with db.reading() as session:
        tables = [session.execute(select(model.__table__)).all() for model in (User, SignIn, OneTimeLink)]
        from service.accounts.models import Patient

        tables.append(session.execute(select(Patient.__table__)).all())
    everything = repr(tables)
    for secret in ("Anastasia", "Quintero", "quintero@example.com", "1990-05-17", "33101", token):
        assert secret not in everything


def test_every_try_leaves_a_trace(house: House) -> None:
    ana = a_patient()
    sign_in(ana)
    with pytest.raises(Rejected):
        sign_in(ana, "wrong")
    with db.reading() as session:
        rows = session.execute(
            select(AuditEntry.action, AuditEntry.outcome, AuditEntry.address).order_by(AuditEntry.id)
        ).all()
    assert [tuple(row) for row in rows] == [
        ("account.sign_in", "done", "203.0.113.9"),
        ("account.sign_in", "refused", "203.0.113.9"),
    ]
