"""Legal holds and the desk for people's data: who may see, who may do, and what is written down."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from service.audit.models import AuditEntry
from service.billing.gateway import Gateway
from service.kit import db
from service.kit.clock import wall_now
from service.kit.ids import new_id
from service.privacy import actions
from service.privacy import gateway as typesetter
from service.privacy.queries import is_held
from tests.client import Browser
from tests.conftest import House
from tests.factories.accounts import a_patient, a_staff_member
from tests.factories.privacy import actor_of, ask, make

REASON = {"reason": "Matter 26-118, asked for by counsel."}


def trail(action: str) -> list[AuditEntry]:
    with db.reading() as session:
        return list(session.scalars(select(AuditEntry).where(AuditEntry.action == action)))


def test_an_owner_places_and_lifts_a_hold_with_a_reason(house: House, client: Browser) -> None:
    person, owner = a_patient(), a_staff_member("owner")
    client.sign_in(owner.user_id)
    path = f"/staff/patients/{person.patient_id}/legal-hold"
    assert "Place the hold" in client.get(path).text
    assert client.submit(path, {"reason": "short"}).status_code == 422
    assert client.submit(path, REASON).status_code == 303
    assert client.submit(path, REASON).status_code == 303, "twice is once"
    page = client.get("/staff/legal-holds").text
    assert "Rivera" in page
    assert "Matter 26-118" in page
    assert client.submit(f"{path}/lift", REASON).status_code == 303
    with db.reading() as session:
        assert person.patient_id is not None
        assert not is_held(session, person.patient_id)
    for action in ("legal_hold.place", "legal_hold.lift"):
        assert [entry.patient_id for entry in trail(action)] == [person.patient_id]
        assert all("Matter" not in (entry.reason or "") for entry in trail(action))


def test_an_auditor_reads_and_cannot_place(house: House, client: Browser) -> None:
    person = a_patient()
    client.sign_in(a_staff_member("auditor").user_id)
    path = f"/staff/patients/{person.patient_id}/legal-hold"
    assert client.get("/staff/legal-holds").status_code == 200
    assert "Place the hold" not in client.get(path).text
    assert client.submit(path, REASON).status_code == 403
    assert client.submit(f"{path}/lift", REASON).status_code == 403


def test_an_unknown_patient_and_a_wrong_id_are_told_kindly(house: House, client: Browser) -> None:
    client.sign_in(a_staff_member("owner").user_id)
    assert client.get(f"/staff/patients/{new_id()}/legal-hold").status_code == 404
    for wanted, heard in (
        ("", "Enter the patient"),
        ("Ana", "No patient has this"),
        (str(new_id()), "No patient has this"),
        ("nobody@example.com", "No patient has this"),
    ):
        answer = client.submit("/staff/legal-holds", {"patient": wanted})
        assert answer.status_code == 422
        assert "<title>Error: " in answer.text
        assert answer.text.count(heard) == 2, "at the field and in the summary"
        assert f'value="{wanted}"' in answer.text or not wanted, "what was typed stays"


def test_an_owner_finds_whom_to_hold_by_address_or_id(house: House, client: Browser) -> None:
    person, other = a_patient(email="holly@example.com"), a_staff_member("clinician", email="doc@staff.example")
    client.sign_in(a_staff_member("owner").user_id)
    there = f"/staff/patients/{person.patient_id}/legal-hold"
    for wanted in ("holly@example.com", " Holly@Example.com ", str(person.patient_id)):
        found = client.submit("/staff/legal-holds", {"patient": wanted})
        assert (found.status_code, found.headers["Location"]) == (303, there), wanted
    for wanted in ("doc@staff.example", str(other.user_id), str(person.user_id)):
        assert client.submit("/staff/legal-holds", {"patient": wanted}).status_code == 422, wanted
    assert there in client.get(f"/staff/patients/{person.patient_id}/break-glass").text


@pytest.mark.parametrize("role", ["clinician", "coordinator", "billing", "auditor"])
def test_nobody_else_looks_a_patient_up_for_a_hold(house: House, client: Browser, role: str) -> None:
    a_patient(email="holly@example.com")
    client.sign_in(a_staff_member(role).user_id)
    assert client.submit("/staff/legal-holds", {"patient": "holly@example.com"}).status_code == 403


def test_staff_see_a_copy_that_failed_an_account_that_closed_and_what_was_removed(
    house: House, client: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    person = a_patient(given_name="Imani", family_name="Reyes")

    def breaks(*_: object, **__: object) -> bytes:
        raise ValueError("no paper")

    monkeypatch.setattr(typesetter, "pdf", breaks)
    copy_id = ask(person)
    for later in range(3):
        make(house, copy_id, at=wall_now() + timedelta(minutes=2 * later))
    actions.retain(catalog=house.catalog, now=house.now, wall_now=wall_now())
    client.sign_in(a_staff_member("coordinator").user_id)
    page = client.get("/staff/data").text
    assert "Imani Reyes" in page
    assert "Failed" in page
    assert "Nothing had run out" in page
    assert [entry.patient_id for entry in trail("record.view")] == [person.patient_id]


def test_a_clinician_has_no_business_at_the_desk(house: House, client: Browser) -> None:
    client.sign_in(a_staff_member("clinician").user_id)
    assert client.get("/staff/data").status_code == 403
    assert client.get("/staff/legal-holds").status_code == 403


def test_staff_see_that_an_account_is_closed(house: House, client: Browser, gateway: Gateway) -> None:
    person = a_patient(given_name="Imani", family_name="Reyes")
    actions.close_account(
        gateway=gateway, catalog=house.catalog, actor=actor_of(person), now=house.now, wall_now=wall_now()
    )
    client.sign_in(a_staff_member("owner").user_id)
    page = client.get("/staff/data").text
    assert "Imani Reyes" in page
    assert f'href="/staff/patients/{person.patient_id}/legal-hold"' in page
    assert "Account closed" in client.get(f"/staff/patients/{person.patient_id}/legal-hold").text
