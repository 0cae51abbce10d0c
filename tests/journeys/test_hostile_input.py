"""Whatever is sent to whichever page: an answer in words, never a broken page, and nothing kept that was not meant."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from flask import Flask
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from service.kit import access, db, passwords
from service.sandbox.walks import a_visit
from tests.client import Browser
from tests.conftest import House
from tests.factories import accounts
from tests.factories.accounts import a_patient, a_staff_member
from tests.factories.billing import ready_to_pay
from tests.factories.checkins import FIRST_DUE, a_due_checkin, a_member
from tests.factories.enrollment import HEALTHY, walk
from tests.factories.safety import a_hold, an_alert
from tests.factories.visits import a_clinician, an_applicant, booked
from tests.journeys import hostile

Ids = dict[str, UUID | int | str]
SEED = 20261123
ROUNDS = 4


@pytest.fixture(autouse=True)
def quick_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hundreds of forms with a password in them: here it may be a cheap one to check."""
    cheap = passwords.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    monkeypatch.setattr(passwords, "_hasher", cheap)
    monkeypatch.setattr(passwords, "_nobody", cheap.hash("nobody"))
    monkeypatch.setattr(accounts, "_HASH", cheap.hash(accounts.PASSWORD))


def a_visitor(client: Browser, house: House) -> Ids:
    walk(client, HEALTHY, until="condition")
    return {"question_id": "condition"}


def a_visitor_who_may_join(client: Browser, house: House) -> Ids:
    walk(client, HEALTHY)
    client.submit("/assessment/check")
    return {"question_id": "zip"}


def somebody_booking(client: Browser, house: House) -> Ids:
    a_clinician()
    applicant = an_applicant(house.catalog)
    visit = booked(applicant, house.now)
    client.sign_in(applicant.person.user_id)
    return {"visit_id": visit, "day": "2026-11-24"}


def somebody_paying(client: Browser, house: House) -> Ids:
    client.sign_in(ready_to_pay(house).person.user_id)
    return {"key": "telehealth"}


def a_member_with_a_check_in(client: Browser, house: House) -> Ids:
    ella = a_member()
    house.at(FIRST_DUE + timedelta(hours=1))
    client.sign_in(ella.user_id)
    return {"checkin_id": a_due_checkin(house.catalog, ella, house.now), "number": 1}


def _staff(client: Browser, house: House, role: str) -> Ids:
    clinician = a_clinician()
    applicant = an_applicant(house.catalog)
    booked(applicant, house.now)
    client.sign_in(clinician.user_id if role == "clinician" else a_staff_member(role).user_id)
    return {
        "enrollment_id": applicant.enrollment_id,
        "alert_id": an_alert(house, patient_id=applicant.patient_id),
        "hold_id": a_hold(house, patient_id=applicant.patient_id),
    }


def a_clinician_at_work(client: Browser, house: House) -> Ids:
    return _staff(client, house, "clinician")


def a_coordinator_at_work(client: Browser, house: House) -> Ids:
    return _staff(client, house, "coordinator")


PEOPLE = (
    a_visitor,
    a_visitor_who_may_join,
    somebody_booking,
    somebody_paying,
    a_member_with_a_check_in,
    a_clinician_at_work,
    a_coordinator_at_work,
)


def paths(app: Flask, own: Ids, method: str) -> list[str]:
    """Every page for people, with this person's own ids where there are some and nobody's elsewhere."""
    nobodys: Ids = {
        "token": "nobody-has-this",
        "number": 1,
        "key": "x",
        "day": "x",
        "filename": "x",
        "question_id": "x",
    }
    found = []
    for rule in app.url_map.iter_rules():
        door = access.door_of(app.view_functions[rule.endpoint])
        if method in (rule.methods or ()) and door is not None and door.kind != "machine":
            found.append(hostile.address(rule.rule, {**_uuids(rule), **nobodys, **own}))
    return [path for path in sorted(found) if path not in ("/sign-out",)]


def _uuids(rule: Rule) -> Ids:
    return {name: uuid4() for name in rule.arguments}


@pytest.mark.parametrize("person", PEOPLE)
def test_no_form_breaks_a_page_whatever_is_typed_into_it(
    app: Flask, client: Browser, house: House, person: Callable[[Browser, House], Ids]
) -> None:
    own, chance, broken = person(client, house), random.Random(SEED), []
    known = sorted(set[str]().union(*(hostile.names_in(client.get(path).text) for path in paths(app, own, "GET"))))
    for path in paths(app, own, "POST"):
        page = client.get(path)
        names = sorted(hostile.names_in(page.text)) or known
        for _ in range(ROUNDS):
            sent = hostile.form(chance, names)
            body = hostile.encoded(sent, client.csrf_token())
            answer = client.post(
                path,
                data=body,
                content_type="application/x-www-form-urlencoded",
                headers={"Referer": "https://localhost/", "Accept-Language": chance.choice(hostile.LANGUAGES)},
            )
            if answer.status_code >= 500 and answer.status_code != 503:
                broken.append((path, answer.status_code, [(name, value[:40]) for name, value in sent]))
        answer = client.post(
            path,
            data=hostile.bad_bytes(names, client.csrf_token()),
            content_type="application/x-www-form-urlencoded; charset=utf-16",
            headers={"Referer": "https://localhost/"},
        )
        if answer.status_code >= 500 and answer.status_code != 503:
            broken.append((path, answer.status_code, [("bytes", "")]))
    assert broken == []


@contextmanager
def undone() -> Iterator[None]:
    """What happens inside did not happen, so that each thing meets the same page."""
    with db.reading() as session:
        connection = session.connection()
    inside = connection.begin_nested()
    try:
        yield
    finally:
        inside.rollback()


def sent(client: Browser, path: str, fields: list[tuple[str, str]]) -> TestResponse:
    return client.post(
        path,
        data=hostile.encoded(fields, client.csrf_token()),
        content_type="application/x-www-form-urlencoded",
        headers={"Referer": "https://localhost/"},
    )


def first_slot(client: Browser) -> str:
    page = client.get("/visits/book").text
    day = page.partition('href="/visits/book/')[2][:10]
    return client.get(f"/visits/book/{day}").text.partition('name="slot"')[2].partition('value="')[2].partition('"')[0]


def hidden(client: Browser, path: str, name: str) -> str:
    return client.get(path).text.partition(f'name="{name}"')[2].partition('value="')[2].partition('"')[0]


def joining(client: Browser, house: House) -> tuple[str, dict[str, str]]:
    a_visitor_who_may_join(client, house)
    fields = {"given_name": "Ana", "family_name": "Rivera", "email": "new@example.com", "password": "a long secret"}
    return "/join", {**fields, "notices": "y"}


def waiting(client: Browser, house: House) -> tuple[str, dict[str, str]]:
    return "/waitlist", {"email": "york@example.com", "state": "NY"}


def signing_in(client: Browser, house: House) -> tuple[str, dict[str, str]]:
    ana = a_patient()
    return "/sign-in", {"email": ana.email, "password": "not the right one", "next": "/home"}


def booking(client: Browser, house: House) -> tuple[str, dict[str, str]]:
    a_clinician()
    client.sign_in(an_applicant(house.catalog).person.user_id)
    return "/visits/book", {"slot": first_slot(client), "day": "2026-11-24"}


def signing(client: Browser, house: House) -> tuple[str, dict[str, str]]:
    from tests.factories.billing import an_approved_patient

    client.sign_in(an_approved_patient(house).person.user_id)
    path = "/consents/esign"
    return path, {"shown": hidden(client, path, "shown"), "agreed": "y", "typed_name": "Ana Rivera"}


def answering(client: Browser, house: House) -> tuple[str, dict[str, str]]:
    own = a_member_with_a_check_in(client, house)
    return f"/check-ins/{own['checkin_id']}/1", {"answer": "1", "instrument": "phq9"}


def sending_answers(client: Browser, house: House) -> tuple[str, dict[str, str]]:
    own = a_member_with_a_check_in(client, house)
    answers = {f"item-{number}": "1" for number in range(1, 10)}
    return f"/check-ins/{own['checkin_id']}/submit", {"instrument": "phq9", **answers}


def recording_a_visit(client: Browser, house: House) -> tuple[str, dict[str, str]]:
    own = a_clinician_at_work(client, house)
    return f"/staff/enrollments/{own['enrollment_id']}/encounter", {
        **{
            name: one
            for name, one in a_visit(state="FL", seen_at="11/23/2026 09:45 AM").items()
            if isinstance(one, str)
        },
        "started_at": "11/23/2026 09:30 AM",
        "in_person_exam_on-month": "11",
        "in_person_exam_on-day": "20",
        "in_person_exam_on-year": "2026",
        "notes": "Seen and heard well.",
        "decision": "decline",
        "reason": "A reason that is long enough.",
    }


def lifting_a_hold(client: Browser, house: House) -> tuple[str, dict[str, str]]:
    own = a_clinician_at_work(client, house)
    return f"/staff/holds/{own['hold_id']}/lift", {"reason": "Spoke with her, and she is safe at home."}


DOINGS = (
    joining,
    waiting,
    signing_in,
    booking,
    signing,
    answering,
    sending_answers,
    recording_a_visit,
    lifting_a_hold,
)


@pytest.mark.parametrize("doing", DOINGS)
def test_one_odd_thing_in_a_good_form_never_breaks_the_page(
    client: Browser, house: House, doing: Callable[[Browser, House], tuple[str, dict[str, str]]]
) -> None:
    path, good = doing(client, house)
    with undone():
        assert sent(client, path, list(good.items())).status_code in (200, 303, 422)
    broken, chance = [], random.Random(SEED)
    for name in good:
        # A long form meets each value in one field or another, a short one in every field.
        several = hostile.VALUES if len(good) < 6 else [*hostile.ENDS_OF_TIME, *chance.sample(hostile.VALUES, 12)]
        for value in several:
            with undone():
                answer = sent(client, path, list({**good, name: value}.items()))
            if answer.status_code >= 500:
                broken.append((name, value[:60], answer.status_code))
    assert broken == []


def test_no_address_breaks_a_page(client: Browser, house: House) -> None:
    somebody = [None, somebody_booking, a_coordinator_at_work]
    broken = []
    for person in somebody:
        if person is not None:
            person(client, house)
        for path in hostile.PATHS:
            for language in hostile.LANGUAGES[:2]:
                answer = client.get(path, headers={"Accept-Language": language})
                if answer.status_code >= 500:
                    broken.append((person, path[:60], answer.status_code))
    assert broken == []


@pytest.mark.parametrize("language", hostile.LANGUAGES)
def test_any_wish_for_a_language_gets_a_page(client: Browser, language: str) -> None:
    answer = client.get("/", headers={"Accept-Language": language})
    assert answer.status_code == 200
    assert "988" in answer.text


def test_a_form_of_three_hundred_fields_or_a_hundred_kilobytes_is_turned_down(client: Browser, house: House) -> None:
    many = [(f"field{number}", "x") for number in range(300)]
    assert sent(client, "/sign-in", many).status_code in (413, 422)
    assert sent(client, "/sign-in", [("email", "a" * 300_000)]).status_code == 413


def test_a_cookie_that_is_not_ours_is_nobody(client: Browser, house: House) -> None:
    for value in ("x" * 4000, "\0", "a.b.c", ".eJw", "eyJfdXNlcl9pZCI6IngifQ.aaaa.bbbb"):
        client.set_cookie("__Host-homeward", value, domain="localhost", secure=True)
        assert client.get("/sign-in").status_code == 200
        assert client.get("/home").status_code == 303


def test_markup_in_a_name_is_a_name_on_pages_and_in_mails(client: Browser, house: House) -> None:
    from service.accounts.emails import already_registered
    from service.mail.emails import render

    name = "<img src=x>"
    client.sign_in(a_patient(given_name=name).user_id)
    email = already_registered()
    mail = render(house.settings, email.template, email.facts, given_name=name, locale="en")
    for html in (client.get("/home").text, mail.html):
        assert name not in html
        assert "&lt;img src=x&gt;" in html
    assert name in mail.text


def test_what_belongs_to_another_patient_does_not_exist(client: Browser, house: House) -> None:
    a_clinician()
    ana = an_applicant(house.catalog)
    visit = booked(ana, house.now)
    ella = a_member()
    house.at(FIRST_DUE + timedelta(hours=1))
    checkin = a_due_checkin(house.catalog, ella, house.now)
    client.sign_in(an_applicant(house.catalog).person.user_id)
    for path in (f"/visits/{visit}/cancel", f"/check-ins/{checkin}", f"/check-ins/{checkin}/1"):
        assert client.get(path).status_code == 404, path
    for path in (f"/visits/{visit}/cancel", f"/check-ins/{checkin}/1", f"/check-ins/{checkin}/submit"):
        assert client.submit(path, {"answer": "1", "instrument": "phq9"}).status_code == 404, path
