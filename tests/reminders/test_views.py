"""The ledger as staff see it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from service.audit.models import AuditEntry
from service.kit import db
from service.mail.models import OutboxMessage
from service.reminders.actions import plan_due
from tests.client import Browser
from tests.conftest import House
from tests.factories.accounts import Person, a_staff_member
from tests.factories.checkins import FIRST_DUE, a_due_checkin, a_member


@pytest.fixture
def planned(house: House) -> Person:
    """A member with a nudge that is on its way."""
    house.at(FIRST_DUE)
    person = a_member()
    a_due_checkin(house.catalog, person)
    plan_due(catalog=house.catalog, now=house.now)
    return person


def test_staff_see_whose_nudge_stands_where(house: House, client: Browser, planned: Person) -> None:
    client.sign_in(a_staff_member("coordinator").user_id)
    page = client.get("/staff/reminders").text
    assert "Ana Rivera" in page
    assert 'Planned <b class="queue-tabs__count">1<' in page
    assert "Every reminder that should have left by now has left" in page
    assert "No reminder was needed yet" in client.get("/staff/reminders?status=failed").text


def test_looking_leaves_a_trace(client: Browser, planned: Person) -> None:
    sam = a_staff_member("coordinator")
    client.sign_in(sam.user_id)
    client.get("/staff/reminders")
    with db.reading() as session:
        seen = session.scalars(select(AuditEntry).where(AuditEntry.action == "record.view")).one()
    assert (seen.actor_id, seen.patient_id) == (sam.user_id, planned.patient_id)


def test_a_nudge_that_is_stuck_is_called_late(house: House, client: Browser, planned: Person) -> None:
    house.at(FIRST_DUE + timedelta(minutes=20))
    client.sign_in(a_staff_member("coordinator").user_id)
    page = client.get("/staff/reminders").text
    assert "Reminders are missing or late" in page
    assert "Late" in page


@pytest.mark.parametrize(
    ("status", "words"),
    [
        ("sent", "Sent"),
        ("skipped", "Not needed any more"),
        ("expired", "Too late to send"),
        ("failed", "Could not be delivered"),
    ],
)
def test_every_end_of_a_nudge_has_its_words(client: Browser, planned: Person, status: str, words: str) -> None:
    with db.transaction() as session:
        session.execute(update(OutboxMessage).values(status=status, ended_at=FIRST_DUE))
    client.sign_in(a_staff_member("owner").user_id)
    page = client.get(f"/staff/reminders?status={status}").text
    assert f'{words} <b class="queue-tabs__count">1<' in page


def test_a_state_nobody_knows_shows_all(client: Browser, planned: Person) -> None:
    client.sign_in(a_staff_member("owner").user_id)
    assert "Ana Rivera" in client.get("/staff/reminders?status=nonsense&page=-3").text
