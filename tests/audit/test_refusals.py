"""Who was turned away, and from what."""

from __future__ import annotations

import inspect
from uuid import UUID, uuid4

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from service.audit import actions
from service.audit.models import AuditEntry
from service.kit import db
from service.kit.actor import Actor
from tests.client import Browser
from tests.conftest import House
from tests.factories.accounts import Person, a_patient, a_staff_member
from tests.factories.enrollment import an_enrollment


def refusals() -> list[tuple[str, str | None]]:
    with db.reading() as session:
        query = select(AuditEntry.action, AuditEntry.reason).where(AuditEntry.outcome == "refused")
        return [tuple(row) for row in session.execute(query.order_by(AuditEntry.id))]  # type: ignore[misc]


def whose() -> UUID | None:
    """Of the newest refusal."""
    with db.reading() as session:
        query = select(AuditEntry.patient_id).where(AuditEntry.outcome == "refused").order_by(AuditEntry.id.desc())
        return session.scalars(query.limit(1)).one()


@pytest.fixture
def ana(house: House, client: Browser) -> Person:
    person = a_patient()
    client.sign_in(person.user_id)
    return person


def test_a_wrong_door_is_noted_with_who_and_from_where(ana: Person, client: Browser) -> None:
    assert client.get("/staff/alerts").status_code == 403
    with db.reading() as session:
        row = session.scalars(select(AuditEntry).where(AuditEntry.outcome == "refused")).one()
    assert (row.action, row.reason) == ("refused:safety_staff.alerts", "door")
    assert (row.actor_id, row.patient_id, row.address) == (ana.user_id, ana.patient_id, "127.0.0.1")


def test_an_id_that_is_somebody_elses_is_noted_like_one_that_is_not_there(ana: Person, client: Browser) -> None:
    assert client.get(f"/check-ins/{uuid4()}").status_code == 404
    ((action, _),) = refusals()
    assert action.startswith("refused:checkins.")
    assert client.get("/no-such-page").status_code == 404
    assert len(refusals()) == 1, "a mistyped address is no refusal"


def test_a_form_without_its_token_and_one_too_large_are_noted(ana: Person, client: Browser) -> None:
    client.post("/sign-out", data={})
    assert refusals()[-1] == ("refused:accounts.sign_out", "stale_form")
    assert client.submit("/sign-out", {"x": "y" * 300_000}).status_code == 413
    assert refusals()[-1][1] == "too_large"


def test_visitors_leave_no_row_behind(house: House, client: Browser) -> None:
    client.post("/sign-in", data={})
    client.get("/home")
    client.get(f"/check-ins/{uuid4()}")
    assert refusals() == []


def test_a_record_outside_the_care_team_is_a_refusal(house: House, client: Browser) -> None:
    ana = a_patient()
    enrollment_id = an_enrollment(ana, status="booked", now=house.now)
    client.sign_in(a_staff_member("clinician").user_id)
    assert client.get(f"/staff/enrollments/{enrollment_id}").status_code == 303
    assert refusals()[0][1] == "outside_care_team"
    assert whose() == ana.patient_id


def test_a_wrong_door_says_whose_record_a_colleague_tried(house: House, client: Browser) -> None:
    ana = a_patient()
    enrollment_id = an_enrollment(ana, status="booked", now=house.now)
    client.sign_in(a_staff_member("billing").user_id)
    for path in (f"/staff/enrollments/{enrollment_id}", f"/staff/patients/{ana.patient_id}/break-glass"):
        assert client.get(path).status_code == 403
        assert whose() == ana.patient_id
    assert client.get(f"/staff/enrollments/{uuid4()}").status_code == 403
    assert whose() is None, "an id that leads nowhere is nobody's"


def test_a_patient_who_tries_somebody_elses_stays_in_their_own_list(ana: Person, client: Browser, house: House) -> None:
    enrollment_id = an_enrollment(a_patient(), status="booked", now=house.now)
    assert client.get(f"/staff/enrollments/{enrollment_id}").status_code == 403
    assert whose() == ana.patient_id


def test_knocking_for_ever_does_not_fill_the_disk(ana: Person, client: Browser) -> None:
    for _ in range(actions.refusals.AT_MOST + 30):
        assert client.get("/staff/alerts").status_code == 403
    found = refusals()
    assert len(found) == actions.refusals.AT_MOST
    assert found[-1][1] == "too_many", "the last row says that there were more"
    other = Actor("staff", a_staff_member().user_id, role="coordinator")
    actions.note_refusal(other, "privacy_staff.trail", "door")
    assert len(refusals()) == actions.refusals.AT_MOST + 1, "one person's knocking hides nobody else's"


def test_a_trail_that_cannot_be_written_does_not_break_the_page(
    app: Flask, ana: Person, client: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = db.transaction

    def away() -> object:
        if any(frame.function == "note_refusal" for frame in inspect.stack()):
            raise OperationalError("INSERT", {}, Exception("the server closed the connection"))
        return real()

    monkeypatch.setattr(db, "transaction", away)
    answer = client.get("/staff/alerts")
    assert answer.status_code == 403
    assert "988" in answer.text
