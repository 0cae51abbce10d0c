"""Taking many enrollments is a question for the owners; a closed account is told on the record."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from service.accounts.models import Patient
from service.enrollment.actions import look
from service.kit import db
from service.kit.actor import Actor
from service.kit.errors import NotAllowed
from service.safety import actions as safety
from service.safety.models import Alert
from tests.client import Browser
from tests.conftest import House
from tests.factories.visits import a_clinician, an_applicant, staff_actor


def test_whoever_takes_many_in_a_day_is_asked_why_by_an_owner_and_once(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(look, "MANY_IN_A_DAY", 3)
    owner, sam, bo = (staff_actor(role) for role in ("owner", "coordinator", "coordinator"))

    def raised() -> list[str]:
        with db.reading() as session:
            return [row.code for row in session.scalars(select(Alert).where(Alert.source_kind == "system"))]

    def takes(actor: Actor) -> None:
        someone = an_applicant(house.catalog)
        look.take(enrollment_id=someone.enrollment_id, catalog=house.catalog, actor=actor, now=house.now)

    for _ in range(2):
        takes(sam)
        takes(bo)
    assert raised() == []
    takes(sam)
    assert raised() == ["ACCESS-MANY-TAKEN"]
    takes(sam)
    assert raised() == ["ACCESS-MANY-TAKEN"]
    with db.reading() as session:
        (call,) = session.scalars(select(Alert).where(Alert.code == "ACCESS-MANY-TAKEN"))
    with pytest.raises(NotAllowed):
        safety.acknowledge(alert_id=call.id, actor=sam, now=house.now)
    safety.acknowledge(alert_id=call.id, actor=owner, now=house.now)


def test_whoever_opens_a_record_reads_that_the_account_is_closed(house: House, client: Browser) -> None:
    someone, clinician = an_applicant(house.catalog), a_clinician()
    look.take(enrollment_id=someone.enrollment_id, catalog=house.catalog, actor=clinician.actor, now=house.now)
    client.sign_in(clinician.user_id)
    page = f"/staff/enrollments/{someone.enrollment_id}"
    assert "This account is closed." not in client.get(page).text
    with db.transaction() as session:
        session.get_one(Patient, someone.patient_id).closed_at = house.now
    shown = client.get(page).text
    assert "This account is closed." in shown
    assert "We have no phone number of theirs." in shown
    assert "You can still call them" not in shown
