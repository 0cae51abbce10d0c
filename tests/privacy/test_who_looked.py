"""Whoever looked at my record, I can see it."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import Engine

from service.accounts.models import BreakGlass
from service.audit import writes
from service.kit import crypto, db
from service.kit.actor import SYSTEM, Actor
from service.kit.clock import wall_now
from service.kit.ids import new_id
from service.privacy.actions import place_hold
from service.privacy.queries.copy_rest import looks
from tests.client import Browser
from tests.conftest import House
from tests.factories.accounts import PASSWORD, Person, a_patient, a_staff_member
from tests.factories.statements import counted

PAGE = "/settings/who-looked"


@pytest.fixture
def ana(house: House, client: Browser) -> Person:
    person = a_patient()
    client.sign_in(person.user_id)
    return person


@pytest.fixture
def doctor(house: House) -> Person:
    return a_staff_member("clinician", name=("Mia", "Stone"))


def look(who: Person, whose: Person, action: str = "record.view", kind: str = "enrollment", **values: object) -> None:
    actor = Actor("staff", who.user_id, role="clinician", address="192.0.2.9")
    with db.transaction() as session:
        writes.record(session, actor, action, kind, new_id(), patient_id=whose.patient_id, **values)  # type: ignore[arg-type]


def test_a_look_is_shown_with_name_role_and_moment(ana: Person, doctor: Person, client: Browser) -> None:
    assert "Nobody has looked at your record yet." in client.get(PAGE).text
    look(doctor, ana, reason="care")
    page = client.get(PAGE).text
    assert "Mia Stone" in page
    assert "Clinician" in page
    assert "Looked at the enrollment and what was answered" in page
    assert "192.0.2.9" not in page, "where colleagues sit is not the patient's to know"


def test_nobody_sees_what_concerns_somebody_else(ana: Person, doctor: Person, client: Browser) -> None:
    look(doctor, a_patient())
    assert "Mia Stone" not in client.get(PAGE).text


def test_a_look_through_broken_glass_is_marked_and_an_ordinary_one_is_not(
    ana: Person, doctor: Person, client: Browser
) -> None:
    row, now = new_id(), wall_now()
    assert ana.patient_id is not None
    with db.transaction() as session:
        session.add(
            BreakGlass(
                id=row,
                patient_id=ana.patient_id,
                user_id=doctor.user_id,
                why="emergency",
                reason_sealed=crypto.seal("a fall on the stairs", "break_glass", "reason", row),
                opened_at=now - timedelta(minutes=1),
                expires_at=now + timedelta(minutes=59),
            )
        )
    look(doctor, ana)
    look(a_staff_member("coordinator", name=("Bo", "Lind")), ana)
    page = client.get(PAGE).text
    rows = re.findall(r"<tr>.*?</tr>", page, re.DOTALL)
    (hers,) = [row for row in rows if "Mia Stone" in row]
    (his,) = [row for row in rows if "Bo Lind" in row]
    assert "From outside your care team" in hers
    assert "From outside" not in his
    assert "a fall on the stairs" not in page


def test_what_the_service_does_by_itself_is_counted_not_listed(ana: Person, client: Browser) -> None:
    with db.transaction() as session:
        for _ in range(3):
            writes.record(session, SYSTEM, "membership.active", "membership", new_id(), patient_id=ana.patient_id)
    page = client.get(PAGE).text
    assert page.count("Found the membership active") == 1
    assert "3 times" in page
    assert "Nobody has looked at your record yet." in page


def test_my_own_acts_are_shown_when_i_ask(ana: Person, client: Browser) -> None:
    with db.transaction() as session:
        me = Actor("patient", ana.user_id, patient_id=ana.patient_id)
        writes.record(session, me, "checkin.submit", "checkin", new_id())
    assert "Sent a check-in" not in client.get(PAGE).text
    assert "Sent a check-in" in client.get(f"{PAGE}?mine=1").text


def test_older_ones_are_a_page_away_and_none_is_lost(ana: Person, doctor: Person, client: Browser) -> None:
    for _ in range(65):
        look(doctor, ana)
    counts, where = [], PAGE
    for _ in range(3):
        page = client.get(where).text
        counts.append(sum(int(times) for times in re.findall(r"\((\d+) times\)", page)))
        older = re.search(r'href="([^"]*before=[^"]+)"', page)
        where = older[1].replace("&amp;", "&") if older else ""
    assert counts == [30, 30, 5]
    assert where == ""
    assert "There is nothing older." in client.get(f"{PAGE}?before=1.1").text


def test_five_statements_answer_it(ana: Person, doctor: Person, client: Browser, engine: Engine) -> None:
    for _ in range(40):
        look(doctor, ana)
    client.get(PAGE)
    with counted(engine) as seen:
        assert client.get(PAGE).status_code == 200
    assert len(seen) <= 5, "\n".join(seen)


def test_staff_have_no_such_page(house: House, client: Browser) -> None:
    client.sign_in(a_staff_member("owner").user_id)
    assert client.get(PAGE).status_code == 403


def test_signing_in_and_somebody_who_tries_to_are_among_my_own_acts(ana: Person, client: Browser) -> None:
    stranger = client.application.test_client()
    assert isinstance(stranger, Browser)
    stranger.submit("/sign-in", {"email": ana.email, "password": "not the right secret"})
    stranger.submit("/sign-in", {"email": ana.email, "password": PASSWORD})
    page = client.get(f"{PAGE}?mine=1").text
    assert page.count("Signed in") == 2
    assert "Somebody not signed in" in page
    assert "Turned down" in page


def test_a_legal_hold_is_told_as_a_look_and_the_copy_says_the_same_as_the_page(
    ana: Person, house: House, client: Browser
) -> None:
    owner = a_staff_member("owner", name=("Olga", "Reed"))
    actor = Actor("staff", owner.user_id, role="owner")
    assert ana.patient_id is not None
    place_hold(patient_id=ana.patient_id, reason="Matter 26-118, asked for by counsel.", actor=actor, now=house.now)
    look(a_staff_member("clinician", name=("Mia", "Stone")), ana, outcome="refused", action="refused:x", kind="page")
    page = client.get(PAGE).text
    assert "Olga Reed" in page
    assert "legal hold" not in page.lower()
    with db.reading() as session:
        entries = looks(session, ana.patient_id).entries
    assert [(entry["who"], entry["what"], entry["outcome"]) for entry in entries] == [
        ("Olga Reed", "Looked at the record", "done"),
        ("Mia Stone", "Was turned away from a page", "refused"),
    ]
    for entry in entries:
        assert entry["who"] in page
        assert entry["what"] in page


def test_the_same_look_again_on_one_day_is_one_line_with_a_number(client: Browser, ana: Person, doctor: Person) -> None:
    for _ in range(4):
        look(doctor, ana)
    page = client.get(PAGE).text
    assert page.count("Mia Stone") == 1
    assert "(4 times)" in page
