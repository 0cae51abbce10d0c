"""Being away: when a sign-in ends, what puts it off and what does not; and nothing that was typed is lost."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select, update

from service.accounts.models import SignIn
from service.checkins.models import CheckIn
from service.kit import db
from service.kit.clock import wall_now
from service.visits.models import Encounter
from tests.accounts.test_kept import away_for, page_of, sent_from
from tests.client import Browser
from tests.conftest import House
from tests.enrollment.test_decision import FORM
from tests.factories.accounts import Person, a_patient, a_staff_member
from tests.factories.checkins import FIRST_DUE, a_due_checkin, a_member
from tests.factories.visits import a_clinician, an_applicant, booked, visit_at

JSON = {"Accept": "application/json", "Referer": "https://localhost/"}


def somebody(kind: str) -> Person:
    return a_patient() if kind == "patient" else a_staff_member("coordinator")


def seen_at(sign_in_id: UUID) -> datetime:
    with db.reading() as session:
        return session.get_one(SignIn, sign_in_id).seen_at


def set_back(sign_in_id: UUID, *, seen: float = 0, begun: float | None = None) -> None:
    """Last seen so many minutes ago, signed in so many minutes ago."""
    now = wall_now()
    values = {"seen_at": now - timedelta(minutes=seen)}
    values |= {} if begun is None else {"created_at": now - timedelta(minutes=begun)}
    with db.transaction() as session:
        session.execute(update(SignIn).where(SignIn.id == sign_in_id).values(values))


def ask(client: Browser, path: str) -> Any:
    return client.submit(path, headers=JSON).get_json()


@pytest.mark.parametrize(("kind", "minutes"), [("staff", 15), ("patient", 30)])
def test_a_sign_in_ends_after_a_while_without_anything(client: Browser, house: House, kind: str, minutes: int) -> None:
    home = {"staff": "/staff", "patient": "/home"}[kind]
    sign_in_id = client.sign_in(somebody(kind).user_id)
    set_back(sign_in_id, seen=minutes - 0.5)
    assert client.get(home).status_code == 200
    set_back(sign_in_id, seen=minutes)
    assert "/sign-in" in client.get(home).headers["Location"]


@pytest.mark.parametrize(("kind", "minutes"), [("staff", 15), ("patient", 30)])
def test_putting_it_off_counts_from_now(client: Browser, house: House, kind: str, minutes: int) -> None:
    sign_in_id = client.sign_in(somebody(kind).user_id)
    set_back(sign_in_id, seen=minutes - 1)
    assert ask(client, "/session/extend")["left"] == minutes * 60
    assert wall_now() - seen_at(sign_in_id) < timedelta(seconds=30)


def test_it_is_never_put_off_beyond_twelve_hours(client: Browser, house: House) -> None:
    sign_in_id = client.sign_in(somebody("staff").user_id)
    set_back(sign_in_id, begun=12 * 60 - 3)
    assert 150 < ask(client, "/session/extend")["left"] <= 180
    set_back(sign_in_id, begun=12 * 60)
    answer = client.submit("/session/extend", headers=JSON)
    assert answer.headers["Location"] == "/sign-in"
    assert ask(client, "/session/status") == {"left": 0, "who": ""}


def test_asking_how_long_it_lasts_keeps_nobody_signed_in(client: Browser, house: House) -> None:
    sign_in_id = client.sign_in(somebody("staff").user_id)
    set_back(sign_in_id, seen=14)
    before = seen_at(sign_in_id)
    for _ in range(3):
        assert 50 < ask(client, "/session/status")["left"] <= 60
    assert seen_at(sign_in_id) == before
    set_back(sign_in_id, seen=15)
    assert ask(client, "/session/status")["left"] == 0


def test_two_people_are_told_apart_without_saying_who(client: Browser, house: House) -> None:
    marks = []
    for kind in ("staff", "patient"):
        person = somebody(kind)
        client.sign_in(person.user_id)
        marks.append(ask(client, "/session/status")["who"])
        assert str(person.user_id)[:8] not in marks[-1]
    assert len(set(marks)) == 2


@pytest.mark.parametrize("path", ["/session/extend", "/session/status"])
def test_another_site_cannot_ask_for_either(client: Browser, house: House, path: str) -> None:
    sign_in_id = client.sign_in(somebody("staff").user_id)
    set_back(sign_in_id, seen=10)
    assert client.post(path).status_code == 400
    assert client.submit(path, headers={"Referer": "https://evil.example/"}).status_code == 400
    assert client.get(path).status_code == 405


def test_a_visitor_and_somebody_halfway_in_extend_nothing(client: Browser, house: House) -> None:
    assert client.submit("/session/extend").headers["Location"] == "/sign-in"
    client.sign_in(somebody("staff").user_id, second_factor=False)
    assert client.submit("/session/extend").status_code == 303
    assert ask(client, "/session/status") == {"left": 0, "who": ""}


@pytest.mark.parametrize(
    ("target", "place"), [("/staff/queue", "/staff/queue"), ("https://evil.example", "/staff"), ("//evil", "/staff")]
)
def test_without_scripts_putting_it_off_leads_back(client: Browser, house: House, target: str, place: str) -> None:
    client.sign_in(somebody("staff").user_id)
    assert client.submit("/session/extend", {"next": target}).headers["Location"] == place


def test_a_page_says_how_long_it_may_stand(client: Browser, house: House) -> None:
    sign_in_id = client.sign_in(somebody("staff").user_id)
    page = client.get("/staff").text
    assert 'data-left="900"' in page or 'data-left="899"' in page
    assert 'role="alertdialog"' in page
    assert "We sign you out when you have done nothing for a while" in page, "for a browser without scripts"
    set_back(sign_in_id, begun=12 * 60 - 1)
    page = client.get("/staff").text
    assert 'data-left="59"' in page or 'data-left="60"' in page
    fresh = client.application.test_client()
    assert "alertdialog" not in fresh.get("/sign-in", base_url="https://localhost").text


def test_a_clinician_who_writes_for_16_minutes_without_scripts_loses_nothing(client: Browser, house: House) -> None:
    clinician, applicant = a_clinician(), an_applicant(house.catalog)
    booked(applicant, house.now)
    house.at(max(house.now, visit_at(applicant) or house.now))
    path = f"/staff/enrollments/{applicant.enrollment_id}/encounter"
    sign_in_id = client.sign_in(clinician.user_id)
    assert client.get(path).status_code == 200
    away_for(sign_in_id, 16)
    answer = client.submit(path, {**FORM, "notes": "Long\r\n\r\nand careful notes."})
    page = page_of(answer)
    assert signed() == 0

    client.sign_in(clinician.user_id)
    where, fields = sent_from(client, page)
    assert where == path
    assert fields["notes"] == ["Long\r\n\r\nand careful notes."]
    assert client.post(where, data=fields, headers={"Referer": "https://localhost/"}).status_code == 303
    assert signed() == 1


def test_a_clinician_who_writes_for_11_minutes_proves_it_is_them_and_loses_nothing(
    client: Browser, house: House
) -> None:
    clinician, applicant = a_clinician(), an_applicant(house.catalog)
    booked(applicant, house.now)
    house.at(max(house.now, visit_at(applicant) or house.now))
    path = f"/staff/enrollments/{applicant.enrollment_id}/encounter"
    sign_in_id = client.sign_in(clinician.user_id)
    away_for(sign_in_id, 11)
    page = page_of(client.submit(path, FORM))
    with db.transaction() as session:
        session.execute(update(SignIn).where(SignIn.id == sign_in_id).values(proved_at=wall_now()))
    where, fields = sent_from(client, page)
    assert client.post(where, data=fields, headers={"Referer": "https://localhost/"}).status_code == 303
    assert signed() == 1


def signed() -> int:
    with db.reading() as session:
        return session.scalar(select(func.count()).select_from(Encounter)) or 0


@pytest.mark.parametrize("answer", ["1", "3"])
def test_a_patients_late_answer_meets_help_first_and_is_kept(client: Browser, house: House, answer: str) -> None:
    house.at(FIRST_DUE + timedelta(hours=1))
    patient = a_member()
    sign_in_id = client.sign_in(patient.user_id)
    checkin_id = a_due_checkin(house.catalog, patient)
    away_for(sign_in_id, 31)
    late = client.submit(f"/check-ins/{checkin_id}/9", {"answer": answer, "instrument": "phq9"})
    assert late.status_code == 401
    assert late.text.index("tel:988") < late.text.index("We kept it for you")
    assert "nobody has seen it" in late.text
    page = late.text.split("/sign-in?next=")[1].split('"')[0].replace("%2F", "/")
    assert page.startswith("/kept/")

    client.sign_in(patient.user_id)
    where, fields = sent_from(client, page)
    sent = client.post(where, data=fields, headers={"Referer": "https://localhost/"})
    assert sent.status_code == 200
    assert "Your care team has been told" in sent.text
    with db.reading() as session:
        assert session.get_one(CheckIn, checkin_id).answers_sealed is not None


def test_a_late_answer_that_cannot_be_kept_meets_help_all_the_same(
    client: Browser, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sqlalchemy.exc import OperationalError

    from service.accounts.actions import kept

    def away(**_: object) -> None:
        raise OperationalError("SELECT 1", {}, Exception("server closed the connection"))

    house.at(FIRST_DUE + timedelta(hours=1))
    patient = a_member()
    sign_in_id = client.sign_in(patient.user_id)
    checkin_id = a_due_checkin(house.catalog, patient)
    away_for(sign_in_id, 31)
    monkeypatch.setattr(kept, "keep_after_sign_in", away)
    late = client.submit(f"/check-ins/{checkin_id}/9", {"answer": "3"})
    assert late.status_code == 401
    assert "tel:988" in late.text
    assert "was not saved" in late.text
