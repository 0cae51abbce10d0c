"""The one way an enrollment moves, and the picture of it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from config.settings import HOUSE
from service.audit.models import AuditEntry
from service.enrollment import writes
from service.enrollment.models import EnrollmentMove
from service.enrollment.rules import status
from service.kit import db
from service.kit.actor import SYSTEM
from service.kit.errors import Conflict, NotFound
from service.kit.ids import new_id
from tests.factories.accounts import a_patient
from tests.factories.enrollment import STEPS, an_enrollment, enrollment_of

if TYPE_CHECKING:
    from tests.conftest import House


def test_the_picture_in_the_docs_is_the_table():
    drawn = re.findall(r"^ {4}(\w+) --> (\w+): (\w+)$", (HOUSE / "docs" / "enrollment.md").read_text("utf-8"), re.M)
    assert {((start, event), end) for start, end, event in drawn} == set(status.TABLE.items())


def test_every_status_can_be_reached_from_the_first():
    reached, todo = set(), ["assessed"]
    while todo:
        here = todo.pop()
        reached.add(here)
        todo += [end for (start, _), end in status.TABLE.items() if start == here and end not in reached]
    assert reached == set(status.STATUSES)


def test_nobody_pays_before_approval_and_consents():
    before_paying = [start for (start, event) in status.TABLE if event == "pay"]
    assert before_paying == ["consented"]


@pytest.mark.parametrize("end", STEPS)
def test_an_enrollment_walks_along_the_table(house: House, end: str):
    person = a_patient()
    assert person.patient_id is not None
    an_enrollment(person, status=end, now=house.now)
    assert enrollment_of(person.patient_id).status == end


def test_a_move_keeps_its_step_and_its_trace(house: House):
    person = a_patient()
    enrollment_id = an_enrollment(person, now=house.now)
    with db.transaction() as session:
        assert writes.move(session, enrollment_id, "book", SYSTEM, house.now) == "booked"
    with db.reading() as session:
        step = session.scalars(select(EnrollmentMove).where(EnrollmentMove.event == "book")).one()
        trace = session.scalars(select(AuditEntry).where(AuditEntry.action == "enrollment.book")).one()
    assert (step.from_status, step.to_status, step.at) == ("assessed", "booked", house.now)
    assert trace.patient_id == person.patient_id


def test_a_move_the_table_does_not_know_changes_nothing(house: House):
    person = a_patient()
    assert person.patient_id is not None
    enrollment_id = an_enrollment(person, now=house.now)
    with pytest.raises(Conflict), db.transaction() as session:
        writes.move(session, enrollment_id, "pay", SYSTEM, house.now)
    assert enrollment_of(person.patient_id).status == "assessed"


def test_an_enrollment_that_does_not_exist_is_not_found(house: House):
    with pytest.raises(NotFound), db.transaction() as session:
        writes.move(session, new_id(), "book", SYSTEM, house.now)
