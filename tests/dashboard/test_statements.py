"""How often each common page asks the database. The numbers are today's: a page that begins to ask more is noticed.

Each page has somebody on it, with a visit booked and a hold: an empty list asks less.
"""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import Engine

from tests.client import Browser
from tests.conftest import House
from tests.factories.accounts import a_staff_member
from tests.factories.checkins import FIRST_DUE, a_due_checkin, a_member, scores
from tests.factories.safety import a_hold
from tests.factories.statements import counted
from tests.factories.visits import a_clinician, an_applicant, booked

# The sign-in session included; BEGIN, COMMIT and the audit insert not. What the longer ones ask for:
# /visits           what may be booked, what is booked or kept, what stands against it, every visit
# /staff/queue      a page of rows; names, flags, visits, owners that are still here, their names, whom the viewer looks
#                   after; how many of each status; whom somebody may be handed to, and their names
# /staff/visits     the visits, names, records; rooms and where people said they are
PATIENT = {"/home": 2, "/check-ins": 2, "/visits": 4, "/billing": 4, "/settings": 2}
STAFF = {
    "/staff": 8,
    "/staff/queue": 9,
    "/staff/alerts": 8,
    "/staff/visits": 5,
    "/staff/memberships": 5,
    "/staff/reminders": 5,
}


def asked(client: Browser, engine: Engine, path: str) -> list[str]:
    """What a page that was opened before asks when it is opened again."""
    assert client.get(path).status_code == 200
    with counted(engine) as seen:
        client.get(path)
    return [statement for statement in seen if not statement.startswith("INSERT INTO audit")]


@pytest.mark.parametrize(("path", "most"), PATIENT.items())
def test_a_patients_page_asks_no_more_than_it_did(
    house: House, client: Browser, engine: Engine, path: str, most: int
) -> None:
    person = a_member()
    scores(house.catalog, person, 17, 15, 13, 14, 8)
    house.at(FIRST_DUE + timedelta(days=70, hours=1))
    a_due_checkin(house.catalog, person, house.now)
    if path == "/visits":
        a_clinician()
        waiting = an_applicant(house.catalog, now=house.now)
        booked(waiting, house.now)
        a_hold(house, patient_id=waiting.patient_id)
        person = waiting.person
    client.sign_in(person.user_id)
    seen = asked(client, engine, path)
    assert len(seen) <= most, f"{path}: {len(seen)}\n\n" + "\n\n".join(seen)


@pytest.mark.parametrize(("path", "most"), STAFF.items())
def test_a_staff_page_asks_no_more_than_it_did(
    house: House, client: Browser, engine: Engine, path: str, most: int
) -> None:
    scores(house.catalog, a_member(), 17, 15)
    a_clinician()
    waiting = an_applicant(house.catalog, now=house.now)
    booked(waiting, house.now)
    a_hold(house, patient_id=waiting.patient_id)
    client.sign_in(a_staff_member("owner" if path == "/staff" else "coordinator").user_id)
    seen = asked(client, engine, path)
    assert len(seen) <= most, f"{path}: {len(seen)}\n\n" + "\n\n".join(seen)
